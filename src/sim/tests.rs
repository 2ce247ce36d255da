//! Tests of the whole cluster through the real client.

mod api;

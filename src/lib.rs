//! windlass: a terminal release console.
//!
//! The rooms, lowest first; a room imports only from rooms above it in this list.

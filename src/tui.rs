//! The terminal: its modes, its input, its output, and the loop between them.

mod input;
mod paint;
mod pen;
mod sink;
mod writer;

pub use input::{Input, Parser, Pointer, Reader};
pub use paint::{Painter, Picture};
pub use sink::{Sink, TtySink};
pub use writer::{Flushed, FrameId, Writer};

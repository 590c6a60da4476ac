//! From sources to a program.
//!
//! | module | what |
//! |---|---|
//! | `kit` | what every submission is built with: the toolchain, and the laboratory as libraries |
//! | `compile` | one submission, in a cell; what comes of it is kept by content |

mod compile;
mod kit;

pub use compile::{Built, build};
pub use kit::Kit;

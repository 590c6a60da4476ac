//! A run as a picture: read off a trace, and off nothing else.
//!
//! | module | what |
//! |---|---|
//! | [`model`] | what a picture is made of |
//! | [`window`] | which part of a run is drawn |
//! | [`svg`](mod@svg) | a drawing for slides |
//! | [`html`](mod@html) | the page, from `page/` |
//! | [`read`](mod@read) | a trace, read: `messages`, `lanes`, `steps`, `timers`, `elections`, `moments` |

mod elections;
pub mod html;
mod lanes;
mod messages;
pub mod model;
mod moments;
pub mod read;
mod steps;
pub mod svg;
#[cfg(test)]
mod tests;
mod timers;
pub mod window;

pub use html::{escaped, html};
pub use read::read;
pub use svg::svg;
pub use window::Window;

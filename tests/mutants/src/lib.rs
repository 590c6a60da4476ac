//! Wrong servers, as patches of the reference, and what the suite says of each.
//!
//! | module | what |
//! |---|---|
//! | [`patch`] | a mutant as it is written down: a small diff, and in its head what is wrong |
//! | [`nursery`] | applies the patches to copies of the reference, and builds them |
//! | [`judge`] | plays the suite on each: what catches it, and what a student would be told |
//! | [`matrix`] | the same as a table: mutant by part |

#![deny(missing_docs)]

pub mod judge;
pub mod matrix;
pub mod nursery;
pub mod patch;

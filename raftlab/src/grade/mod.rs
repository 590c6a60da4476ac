//! `raftlab grade`: a class of submissions, judged.
//!
//! | module | what |
//! |---|---|
//! | `model` | what grading comes to |
//! | `submissions` | what was handed in: folders, archives, the downloads of course systems |
//! | `roster` | who is in the class |
//! | `overrides` | marks that a teacher sets by hand |
//! | `rows` | tables, as spreadsheets write them |

// Nothing calls these yet.
#![allow(dead_code)]

mod model;
mod overrides;
mod roster;
mod rows;
mod submissions;

//! `raftlab grade` as a teacher meets it: marks, files, errors, and what comes of being cut off.
//!
//! | file | what |
//! |---|---|
//! | `marks.rs` | a small class: marks, the same bytes each time, all formats |
//! | `errors.rs` | what is asked for and makes no sense |
//! | `meanwhile.rs` | while it runs: results that grow, a second grader |
//! | `killed.rs` | killed at any moment, it comes to the same |
//! | `whole_class.rs` | every wrong server of `tests/mutants` |

#![cfg(target_os = "linux")]

mod errors;
#[path = "../common/grader.rs"]
mod grader;
mod killed;
mod marks;
mod meanwhile;
#[path = "../common/submissions.rs"]
mod submissions;
mod whole_class;

use std::fs;

use grader::Grader;
use submissions::Base;

/// One that votes twice in a term.
const MUTANT: &str = "14";

/// Hands these in.
fn hand_in(grader: &Grader, bases: &[Base]) {
    for base in bases {
        base.assemble(&grader.class.join(base.id())).unwrap();
    }
}

/// Hands in a server with a missing bracket.
fn hand_in_broken(grader: &Grader) {
    let folder = grader.class.join("broken");
    Base::Starter.assemble(&folder).unwrap();
    let path = folder.join("src/core.rs");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text.replacen(";", "", 1)).unwrap();
}

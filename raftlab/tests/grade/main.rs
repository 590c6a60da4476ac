//! `raftlab grade` as a teacher meets it: marks, files, errors, and what comes of being cut off.
//!
//! | file | what |
//! |---|---|
//! | `marks.rs` | a small class: marks, the same bytes each time, all formats |
//! | `errors.rs` | what is asked for and makes no sense |
//! | `meanwhile.rs` | while it runs: results that grow, a second grader |
//! | `killed.rs` | killed at any moment, it comes to the same |
//! | `whole_class.rs` | every wrong server of `tests/mutants` |
//! | `other_servers.rs` | every correct server of `tests/variants` |

#![cfg(target_os = "linux")]

mod errors;
#[path = "../common/grader.rs"]
mod grader;
mod killed;
mod marks;
mod meanwhile;
mod other_servers;
#[path = "../common/submissions.rs"]
mod submissions;
mod whole_class;

use std::{env, fs};

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

/// A number from the environment: `RAFTLAB_CLASS=12 RAFTLAB_SEEDS=5` is a small class, quickly graded.
fn number(name: &str) -> Option<usize> {
    let value = env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value}")))
}

/// As many of them as `RAFTLAB_CLASS` says, from all over the list.
fn sample<T>(mut all: Vec<T>) -> Vec<T> {
    let (len, wanted) = (all.len(), number("RAFTLAB_CLASS").unwrap_or(usize::MAX));
    let wanted = wanted.clamp(1, len);
    let mut number = 0..len;
    all.retain(|_| {
        number
            .next()
            .is_some_and(|n| n * wanted / len < (n + 1) * wanted / len)
    });
    all
}

/// What `--seeds` is to be, unless `RAFTLAB_SEEDS` says otherwise.
fn seeds(otherwise: usize) -> String {
    number("RAFTLAB_SEEDS").unwrap_or(otherwise).to_string()
}

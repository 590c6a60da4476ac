//! Every correct server of `tests/variants`, handed in: whatever is for it, it earns.

use std::fs;
use std::path::Path;

use suite::cluster::TimeKind;
use variants::Variant;

use crate::grader::{Grader, Submission};
use crate::submissions::{copy, house};
use crate::{sample, seeds};

#[test]
#[ignore = "takes long: .ci/grade"]
fn every_correct_server_earns_what_is_for_it() {
    let seeds = seeds(20);
    let variants = sample(variants::all());
    let grader = Grader::new("other-servers");
    for variant in &variants {
        assemble(&variant.name, &grader.class.join(&variant.name));
    }
    let run = grader.run(&["--seeds", &seeds]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    println!("{} correct servers, {seeds} seeds", variants.len());

    let graded = grader.graded();
    let missing = variants.iter().filter_map(|variant| {
        let submission = graded.of(&variant.name);
        let short = falls_short(variant, submission);
        (!short.is_empty())
            .then(|| format!("{}: {}: {short:?}", variant.name, submission.in_a_line()))
    });
    let missing: Vec<String> = missing.collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// The tests that are for it and that it did not pass; and that two of its runs differed.
fn falls_short(variant: &Variant, submission: Submission<'_>) -> Vec<String> {
    let all = suite::all().into_iter();
    let of_it = all.filter(|test| test.time == TimeKind::Virtual && variant.takes(test));
    let paths = of_it.map(|test| test.path());
    let short = paths.filter(|path| submission.outcome(path) != Some("Passed"));
    let nondeterminism = submission.0["nondeterminism"].as_str().map(str::to_string);
    short.chain(nondeterminism).collect()
}

/// What the modules of `tests/variants` find in their own crate, and in crates that a submission may not use.
const CRATE: &str = r#"//! A correct server, written differently.

#![allow(dead_code)]

mod logs;
mod mutex;
mod oddities;
mod poller;
mod raft;
mod reference;
mod ticks;

use raftapi::Server;

#[derive(Clone)]
struct Variant {
    name: String,
    server: Server,
}

impl Variant {
    fn new(name: impl Into<String>, server: Server, _: &'static str) -> Variant {
        Variant { name: name.into(), server }
    }

    fn but_for(self, _: &'static [suite::part::Part]) -> Variant {
        self
    }
}

mod suite {
    pub mod part {
        pub enum Part { Numbers }
    }
}

mod parking_lot {
    use std::sync::{Mutex as Inner, MutexGuard, PoisonError};

    #[derive(Default)]
    pub struct Mutex<T>(Inner<T>);

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Mutex<T> {
            Mutex(Inner::new(value))
        }

        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

pub fn server(_: raftapi::Timing) -> Server {
    let all = [
        reference::variants(),
        ticks::variants(),
        poller::variants(),
        mutex::variants(),
        oddities::variants(),
    ];
    let mut all = all.into_iter().flatten();
    all.find(|variant| variant.name == NAME).unwrap().server
}
"#;

/// Writes the variant of this name as a student would hand it in: one crate, the reference a module of it.
fn assemble(name: &str, into: &Path) {
    let source = into.join("src");
    copy(&house().join("tests/variants/src"), &source).unwrap();
    rewrite(
        &source.join("reference.rs"),
        &[
            ("use raft::Options;", "use crate::raft::{self, Options};"),
            ("use suite::", "use crate::suite::"),
        ],
    );
    rewrite(
        &source.join("mutex.rs"),
        &[("use parking_lot::", "use crate::parking_lot::")],
    );
    copy(&house().join("raft/src"), &source.join("raft")).unwrap();
    fs::rename(source.join("raft/lib.rs"), source.join("raft/mod.rs")).unwrap();
    let within = [("crate::", "crate::raft::")];
    for file in ["mod.rs", "core.rs", "core/lease.rs", "server.rs"] {
        rewrite(&source.join("raft").join(file), &within);
    }
    let text = format!("{CRATE}\nconst NAME: &str = {name:?};\n");
    fs::write(source.join("lib.rs"), text).unwrap();
}

/// Replaces texts in a file, each of which must be there.
fn rewrite(path: &Path, replacements: &[(&str, &str)]) {
    let mut text = fs::read_to_string(path).unwrap();
    for (old, new) in replacements {
        assert!(text.contains(old), "{}: no '{old}'", path.display());
        text = text.replace(old, new);
    }
    fs::write(path, text).unwrap();
}

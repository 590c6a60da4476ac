//! What is asked for and makes no sense: exit code 2, a sentence that names what is wrong, and nothing
//! graded.

use std::fs;

use crate::grader::{Grader, files};
use crate::hand_in;
use crate::submissions::Base;

/// Grades with these arguments, and a file with this text as the last of them.
fn refused(grader: &Grader, arguments: &[&str], text: &str, words: &[&str]) {
    let path = grader.home.join("input.txt");
    fs::write(&path, text).unwrap();
    let run = grader.run(&[arguments, &[path.to_str().unwrap()]].concat());
    let case = format!("{arguments:?} {text:?}: {}{}", run.out, run.err);
    assert_eq!(run.code, Some(2), "{case}");
    for word in words {
        assert!(run.err.contains(word), "expected '{word}' in {case}");
    }
    assert!(!grader.out.join("class.json").exists(), "{case}");
}

#[test]
fn files_that_make_no_sense_are_refused_by_line() {
    let grader = Grader::sharing_builds("bad-files");
    hand_in(&grader, &[Base::Starter]);
    let roster = "input.txt: expected a column id, sid, login or email";
    refused(&grader, &["--roster"], "colour\nred\n", &[roster]);
    refused(
        &grader,
        &["--roster"],
        "id\n7\n7\n",
        &["input.txt, line 3: 7 is in line 2 already"],
    );
    refused(&grader, &["--roster"], "", &["input.txt is empty"]);
    let overrides = |rows: &str, words: &str| {
        let text = format!("submission,test,points,reason\n{rows}\n");
        refused(
            &grader,
            &["--overrides"],
            &text,
            &["input.txt, line 2", words],
        );
    };
    overrides("a,,many,why", "expected a number such as 2 or 1.5");
    overrides("a,,5,", "the reason is missing");
    overrides("nobody,,5,why", "there is no submission nobody");
    overrides("class,none::such,5,why", "there is no test none::such");
    overrides("class,,500,why", "500");
    let seeds = |text: &str, words: &str| {
        refused(&grader, &["--hidden-seeds"], text, &["input.txt", words])
    };
    seeds(
        "8000000000\nseven\n",
        "line 2: 'seven': expected a whole number",
    );
    seeds(
        "7\n",
        "line 1: '7': a hidden seed below 2^32 can be guessed",
    );
    seeds("# none\n", "there is no seed in it");
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let grader = Grader::sharing_builds("bad-arguments");
    hand_in(&grader, &[Base::Starter, Base::Reference]);
    let refused = |arguments: &[&str], words: &str| {
        let run = grader.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(words), "expected '{words}': {}", run.err);
    };
    refused(&["--seedz", "3"], "'--seedz'");
    refused(&["--seeds", "0"], "--seeds");
    refused(
        &["--format", "pdf"],
        "[possible values: gradescope, classroom, junit, csv, html]",
    );
    refused(
        &["--results", "r.json", "another"],
        "--results is for one submission, and there are 2",
    );
    refused(&["--roster", "nowhere.csv"], "nowhere.csv");
    refused(&["nowhere"], "nowhere");
    refused(&["--commit-seeds"], "--hidden-seeds");
    let left = files(&grader.working);
    assert!(left.is_empty(), "{left:?}");
}

//! What others see while the grader runs.

use std::fs;
use std::process::Stdio;
use std::thread;

use serde_json::Value;

use crate::grader::{Grader, Run};
use crate::hand_in;
use crate::submissions::Base;

#[test]
fn results_grow_and_a_second_grader_keeps_out() {
    let grader = Grader::sharing_builds("meanwhile");
    hand_in(&grader, &[Base::Reference]);
    let results = grader.home.join("results.json");
    let _ = fs::remove_file(&results);
    let path = results.to_str().unwrap();
    let mut first = grader.command(&["--seeds", "1", "--format", "gradescope", "--results", path]);
    let mut first = first
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();

    let mut seen: Vec<String> = Vec::new();
    let mut second = None;
    while first.try_wait().unwrap().is_none() {
        let Ok(text) = fs::read_to_string(&results) else {
            thread::yield_now();
            continue;
        };
        if seen.last() != Some(&text) {
            let value: Result<Value, _> = serde_json::from_str(&text);
            assert!(value.is_ok(), "half a file: {text}");
            seen.push(text);
            // It is at work: nobody else is to write there.
            second.get_or_insert_with(|| grader.run(&["--seeds", "1"]));
        }
    }
    let run = Run::from(first.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    let second = second.expect("a result is there before the end");
    assert_eq!(second.code, Some(2), "{}{}", second.out, second.err);
    assert!(
        second.err.contains("another grader is at work in"),
        "{}",
        second.err
    );

    let has_total = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        value["score"].is_number()
    };
    assert!(seen.len() > 5, "{} results were seen", seen.len());
    // No total before all is known: it would be taken for a mark.
    assert!(!has_total(&seen[0]), "{}", seen[0]);
    let last = fs::read_to_string(&results).unwrap();
    assert!(has_total(&last), "{last}");
    let kept = fs::read_to_string(grader.out.join("gradescope/class.json"));
    assert_eq!(kept.unwrap(), last);
}

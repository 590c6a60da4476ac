//! The suite passes every correct server, at a few seeds of everything.

use variants::{SOAK, all};

fn assert_no_failures(failures: &[String]) {
    assert!(
        failures.is_empty(),
        "correct servers fail:\n\n{}",
        failures.join("\n")
    );
}

#[test]
fn no_correct_server_fails() {
    assert_no_failures(&SOAK.failures(&all(), 5, false));
}

#[test]
fn each_repeats_its_runs() {
    assert_no_failures(&SOAK.failures(&all(), 1, true));
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = all().into_iter().map(|variant| variant.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

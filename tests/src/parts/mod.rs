//! The suite, part by part.

mod classic;
mod measuring;
mod numbers;
mod real_time;
mod timers;

use crate::test::Test;

/// All tests, in the order of [`Part::ALL`](crate::part::Part::ALL).
pub(crate) fn all() -> Vec<Test> {
    [
        classic::tests(),
        numbers::tests(),
        timers::tests(),
        real_time::tests(),
    ]
    .concat()
}

/// The test of this name in this list.
///
/// # Panics
///
/// When there is none.
fn named(tests: Vec<Test>, name: &str) -> Test {
    let found = tests.into_iter().find(|test| test.name == name);
    found.unwrap_or_else(|| panic!("there is no test {name}"))
}

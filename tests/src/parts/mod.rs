//! The suite, part by part.

mod basics;
mod classic;
mod crashes;
mod crashes_by_hand;
mod extra;
mod measuring;
mod numbers;
mod partitions;
mod real_time;
mod restriction;
mod scale;
mod split_votes;
mod timers;
mod timers_by_hand;
mod unreliable;
mod votes;

use crate::test::Test;

/// All tests, in the order of [`Part::ALL`](crate::part::Part::ALL).
pub(crate) fn all() -> Vec<Test> {
    [
        basics::tests(),
        classic::tests(),
        votes::tests(),
        numbers::tests(),
        timers_by_hand::tests(),
        timers::tests(),
        split_votes::tests(),
        unreliable::tests(),
        crashes_by_hand::tests(),
        crashes::tests(),
        partitions::tests(),
        restriction::tests(),
        scale::tests(),
        real_time::tests(),
        extra::tests(),
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

//! Some tests once more, by the wall clock, each server on a thread of its own.

use super::{classic, named};
use crate::cluster::TimeKind;
use crate::part::Part;
use crate::test::Test;

/// The tests in real time. Each has a twin of the same name in virtual time.
pub(super) fn tests() -> Vec<Test> {
    let twins = ["initial_election", "re_election", "many_elections"]
        .map(|name| named(classic::tests(), name));
    let in_real_time = |twin: Test| Test {
        part: Part::RealTime,
        points: 1,
        time: TimeKind::Real,
        seeds: 1,
        ..twin
    };
    twins.into_iter().map(in_real_time).collect()
}

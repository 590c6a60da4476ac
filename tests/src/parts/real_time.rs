//! Some tests once more, by the wall clock, each server on a thread of its own.

use super::{classic, crashes, named};
use crate::cluster::TimeKind;
use crate::part::Part;
use crate::test::Test;

/// The tests in real time. Each has a twin of the same name in virtual time.
pub(super) fn tests() -> Vec<Test> {
    let classic = ["initial_election", "re_election", "many_elections"]
        .map(|name| named(classic::tests(), name));
    let crashed = named(crashes::tests(), "leader_crashes");
    let in_real_time = |twin: Test| Test {
        part: Part::RealTime,
        points: 1,
        time: TimeKind::Real,
        seeds: 1,
        ..twin
    };
    let twins = classic.into_iter().chain([crashed]);
    twins.map(in_real_time).collect()
}

//! The numbers that a server declares, judged on the assignment's network: 1 to 5 ms one way, no
//! loss. A server may choose its timing; these limits are the assignment's, and no declaration
//! talks them away. What is declared is then held to.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::rules::staged::{LATE, Staged, tick};
use crate::samples;
use crate::task::Task;
use crate::test::Test;

use super::measuring::*;

const NUMBERS: Test = Test {
    hint: "Timing in lib.rs of the crate: heartbeats at most 10 a second (6.824, lab 2A), the shortest \
           election timeout several of their intervals, the spread several round trips, the longest \
           well below 5 s (6.824, lecture 6)",
    limit: Duration::from_secs(3600),
    ..Test::of(Part::Numbers)
};

/// The tests of numbers.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "heartbeats_at_most_ten_a_second",
            points: 2,
            description: "at least 100 ms from one heartbeat to the next",
            faults: network(),
            seeds: 20,
            script: heartbeats_at_most_ten_a_second,
            ..NUMBERS
        },
        Test {
            name: "several_heartbeats_to_a_minimum_timeout",
            points: 2,
            description: "one late heartbeat brings no election about",
            faults: network(),
            seeds: 20,
            script: several_heartbeats_to_a_minimum_timeout,
            ..NUMBERS
        },
        Test {
            name: "a_spread_of_several_round_trips",
            points: 2,
            description: "the first candidate is elected before the second campaigns",
            servers: 5,
            faults: network(),
            seeds: 20,
            // Of 100 timeouts, half the range is not covered: 100 * 2^-99; a third is empty: 3 *
            // (2/3)^100 = 7e-18.
            alpha: 1e-17,
            script: a_spread_of_several_round_trips,
            ..NUMBERS
        },
        Test {
            name: "leader_within_five_seconds_of_any_failure",
            points: 2,
            description: "whoever fails, a leader is there again within 5 s",
            servers: 5,
            faults: network(),
            seeds: 20,
            // With etcd's ten timeouts, at worst: of 4 servers that campaign, the first two do so at
            // the same tick with p = 0.19, and 5 s are time for three such elections: p^3 = 0.007
            // that all fail. There are 7 waits for a leader, and 4 of them are too long with
            // 35 * 0.007^4. With a spread of 150 ms or more it is next to nothing.
            alpha: 1e-7,
            script: leader_within_five_seconds_of_any_failure,
            ..NUMBERS
        },
    ]
}

fn heartbeats_at_most_ten_a_second(cluster: &mut Cluster) -> Outcome {
    const LEAST: Duration = Duration::from_millis(100);
    const MEASURED: Duration = Duration::from_secs(20);
    /// Ten a second, and a few that are sent besides.
    const MOST: f64 = 205.0;
    const RULE: &str = "at most 10 heartbeats a second";
    settle(cluster)?;
    let interval = cluster.timing().heartbeat_interval();
    if interval < LEAST {
        let sentence = format!(
            "a heartbeat interval of {interval:?} is declared, which is {:.1} heartbeats a second",
            1.0 / interval.as_secs_f64()
        );
        return cluster.fail(RULE, Task::Heartbeats, sentence);
    }
    let before = cluster.watch().activity.heartbeats;
    cluster.hold_to(Staged::TenHeartbeatsASecond);
    cluster.advance(MEASURED)?;
    let sent = cluster.watch().activity.heartbeats - before;
    let each = sent as f64 / (cluster.servers().len() - 1) as f64;
    let sentence = match () {
        () if sent == 0 => format!("the leader sent no heartbeat in {MEASURED:?}"),
        () if each > MOST => format!(
            "{each:.0} heartbeats were sent to each server in {MEASURED:?}, which is {:.1} a second; \
             an interval of {interval:?} is declared",
            each / MEASURED.as_secs_f64()
        ),
        () => return Ok(()),
    };
    cluster.fail(RULE, Task::Heartbeats, sentence)
}

fn several_heartbeats_to_a_minimum_timeout(cluster: &mut Cluster) -> Outcome {
    const RULE: &str = "several heartbeats to an election timeout";
    settle(cluster)?;
    let timing = cluster.timing();
    let (interval, least) = (timing.heartbeat_interval(), timing.election_timeout_min());
    if least < interval * 2 {
        let sentence = format!(
            "the shortest election timeout that is declared is {least:?}, and heartbeats come every \
             {interval:?}: one that is late brings about an election"
        );
        return cluster.fail(RULE, Task::Heartbeats, sentence);
    }
    if least < interval * 3 {
        cluster.remark(format!(
            "only {:.1} heartbeats go into the shortest election timeout, {least:?}; where messages \
             are lost, three or more are better (6.824, lecture 6)",
            least.as_secs_f64() / interval.as_secs_f64()
        ));
    }
    // As many are sent as are declared to go into it, each a little late.
    const MEASURED: Duration = Duration::from_secs(20);
    let before = cluster.watch().activity.heartbeats;
    cluster.advance(MEASURED)?;
    let sent = cluster.watch().activity.heartbeats - before;
    let each = sent as f64 / (cluster.servers().len() - 1) as f64;
    let slowest = least / 2 + LATE + tick(&timing);
    if each + 1.0 < MEASURED.as_secs_f64() / slowest.as_secs_f64() {
        let sentence = format!(
            "{each:.0} heartbeats were sent to each server in {MEASURED:?}; at least two go into \
             {least:?}, the shortest election timeout that is declared"
        );
        return cluster.fail(RULE, Task::Heartbeats, sentence);
    }
    Ok(())
}

fn a_spread_of_several_round_trips(cluster: &mut Cluster) -> Outcome {
    const ROUND_TRIPS: u32 = 5;
    const CHOICES: u64 = 5;
    const EACH: usize = 20;
    let rule = "a spread of several round trips";
    let timing = cluster.timing();
    let (min, max) = (timing.election_timeout_min(), timing.election_timeout_max());
    let spread = max.saturating_sub(min);
    let round_trip = LATENCY * 2;
    if spread < round_trip * ROUND_TRIPS {
        let sentence = format!(
            "election timeouts of {min:?} to {max:?} are declared, a spread of {:.1} round trips of \
             {round_trip:?}: of 4 servers whose leader has died, the first two campaign at the same \
             time in {:.0} % of the elections",
            spread.as_secs_f64() / round_trip.as_secs_f64(),
            100.0 * split(LATENCY.as_secs_f64() / spread.as_secs_f64())
        );
        return cluster.fail(rule, Task::FreshTimeouts, sentence);
    }
    let choices = timing.election_timeout_choices();
    if choices < CHOICES {
        let sentence = format!(
            "there are only {choices} election timeouts from {min:?} to {max:?}, in steps of {:?}: of \
             4 servers whose leader has died, the first two campaign at the same time in {:.0} % of \
             the elections",
            tick(&timing),
            100.0 * split(1.0 / choices as f64)
        );
        return cluster.fail(rule, Task::FreshTimeouts, sentence);
    }
    let servers: Vec<_> = cluster.servers().collect();
    for &server in &servers {
        cluster.isolate(server)?;
    }
    let (mut all, mut hidden) = (Vec::new(), false);
    for server in servers {
        let timeouts = timeouts_alone(cluster, server, EACH)?;
        check_range(cluster, &server.to_string(), &timeouts)?;
        all.extend(timeouts);
        hidden |= hides_its_timeouts_alone(cluster, server);
    }
    if !hidden {
        check_spread(cluster, "the five servers", &all)?;
    }
    cluster.heal_all()?;
    elect(cluster)?;
    Ok(())
}

/// The probability that of 4 servers out of 5 so many campaign at once that nobody has a majority,
/// where `at_once` is the part of the spread that a message takes (thesis 9.2).
fn split(at_once: f64) -> f64 {
    samples::at_least(2, 4, at_once.min(1.0))
}

fn leader_within_five_seconds_of_any_failure(cluster: &mut Cluster) -> Outcome {
    const LIMIT: Duration = Duration::from_secs(5);
    const FAILURES: usize = 8;
    /// So many elections in a row go wrong by bad luck, at most.
    const UNLUCKY: usize = 3;
    const RULE: &str = "a leader within 5 seconds";
    let longest = cluster.timing().election_timeout_max();
    if longest >= LIMIT {
        let sentence = format!(
            "the longest election timeout that is declared is {longest:?}: with it alone, a leader that \
             dies is not replaced within 5 s"
        );
        return cluster.fail(RULE, Task::ElectionTimer, sentence);
    }
    settle(cluster)?;
    for failure in 0..FAILURES {
        let leader = elect(cluster)?;
        // The leader fails, by turns in this way and in that; now and then a follower does.
        let server = match failure % 4 {
            3 => a_follower(cluster, leader),
            _ => leader.server,
        };
        let dies = failure % 2 == 1;
        match dies {
            true => cluster.crash(server)?,
            false => cluster.isolate(server)?,
        }
        settle(cluster)?;
        match dies {
            true => cluster.restart_in(cluster.newest_term(), server)?,
            false => cluster.rejoin(server)?,
        }
        settle(cluster)?;
    }
    let times = cluster.watch().statistics.times_to_leader();
    let late: Vec<f32> = times
        .iter()
        .filter(|&&time| time > LIMIT)
        .map(Duration::as_secs_f32)
        .collect();
    let Some(longest) = late.iter().copied().reduce(f32::max) else {
        return Ok(());
    };
    let timing = cluster.timing();
    let sentence = format!(
        "{} times the cluster was without a leader for more than 5 s, once for {longest:.1} s, though \
         4 of 5 servers were well; election timeouts of {:?} to {:?} are declared",
        late.len(),
        timing.election_timeout_min(),
        timing.election_timeout_max()
    );
    if late.len() > UNLUCKY {
        return cluster.fail(RULE, Task::ElectionTimer, sentence);
    }
    cluster.remark(sentence);
    Ok(())
}

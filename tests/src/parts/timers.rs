//! When timers are reset, and to what: what can be measured on a whole cluster.

use std::time::Duration;

use labrpc::ServerId;
use raftapi::Term;

use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::rules::staged::Staged;
use crate::samples;
use crate::task::Task;
use crate::test::{Cast, Test};

use super::measuring::*;
use super::restriction::preload_log;

const TIMERS: Test = Test {
    hint: "each reset of the election timer draws a fresh random timeout, from this server's own \
           random numbers, ctx.rng() (6.824, lecture 6; Raft paper, 5.2)",
    limit: Duration::from_secs(3600),
    ..Test::of(Part::Timers)
};

/// How far from one another timeouts are looked at that may be correlated.
const LAGS: usize = 20;

/// How far from one another those of two servers are.
const SHIFTS: usize = 5;

/// How many timeouts are measured of a server that is cut off, and by how much they may be
/// correlated with one another by chance: r * sqrt(n) is 6.3 standard deviations, which is 3e-10
/// for each of 20 lags.
const ALONE: usize = 200;
const MOST_ALONE: f64 = 0.45;

/// The same of each of seven servers: 6.7 standard deviations, 2e-11 for each of 21 pairs and 11
/// shifts.
const EACH: usize = 150;
const MOST_EACH: f64 = 0.55;

/// The measured tests of timers.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "heartbeats_come_in_time",
            points: 1,
            description: "a leader sends each other server a heartbeat per interval, dead or alive",
            // Enough for many votes to come in when it leads already.
            servers: 7,
            faults: network(),
            seeds: 50,
            script: heartbeats_come_in_time,
            ..TIMERS
        },
        Test {
            name: "first_heartbeat_at_once",
            points: 1,
            description: "whoever is elected tells all others at once",
            faults: network(),
            seeds: 50,
            script: first_heartbeat_at_once,
            ..TIMERS
        },
        Test {
            name: "no_needless_elections",
            points: 1,
            description: "nobody campaigns in a healthy network for a minute, whatever the logs are",
            servers: 6,
            cast: Cast::None,
            faults: network(),
            seeds: 50,
            script: no_needless_elections,
            ..TIMERS
        },
        Test {
            name: "timeouts_are_drawn_afresh",
            points: 1,
            description: "a server that is cut off never waits by a pattern",
            faults: network(),
            seeds: 20,
            // 20 lags of 3e-10; 3 * (2/3)^200 for an empty third.
            alpha: 1e-8,
            script: timeouts_are_drawn_afresh,
            ..TIMERS
        },
        Test {
            name: "servers_draw_differently",
            points: 1,
            description: "what one server waits says nothing of what another does",
            servers: 7,
            faults: network(),
            seeds: 20,
            // 231 correlations of 4e-11.
            alpha: 1e-8,
            script: servers_draw_differently,
            ..TIMERS
        },
    ]
}

/// A follower that is dead is sent heartbeats all the same.
fn heartbeats_come_in_time(cluster: &mut Cluster) -> Outcome {
    cluster.hold_to(Staged::Heartbeats);
    let leader = settle(cluster)?;
    if cluster.random(2) == 0 {
        return cluster.advance(Duration::from_secs(20));
    }
    let dead = a_follower(cluster, leader);
    cluster.crash(dead)?;
    cluster.advance(Duration::from_secs(60))
}

fn first_heartbeat_at_once(cluster: &mut Cluster) -> Outcome {
    const ELECTIONS: usize = 5;
    cluster.hold_to(Staged::FirstHeartbeat);
    for _ in 0..ELECTIONS {
        let leader = settle(cluster)?;
        cluster.isolate(leader.server)?;
        settle(cluster)?;
        cluster.rejoin(leader.server)?;
    }
    settle(cluster)?;
    Ok(())
}

/// In half of the seeds the logs of two followers are not their leader's: it leads them all the same.
fn no_needless_elections(cluster: &mut Cluster) -> Outcome {
    const LOGS: [&[Term]; 6] = [&[1, 2], &[], &[1, 2], &[1, 1, 1], &[1, 2], &[1, 2]];
    if cluster.random(2) == 0 {
        for (server, log) in cluster.servers().zip(LOGS) {
            preload_log(cluster, server, log)?;
        }
    }
    cluster.start_all()?;
    settle(cluster)?;
    cluster.hold_to(Staged::NoElections);
    cluster.advance(Duration::from_secs(60))
}

fn timeouts_are_drawn_afresh(cluster: &mut Cluster) -> Outcome {
    let leader = settle(cluster)?;
    let server = a_follower(cluster, leader);
    cluster.isolate(server)?;
    try_alone(cluster, server, 2)?;
    let timeouts = match hides_its_timeouts_alone(cluster, server) {
        true => timeouts_after_a_leader(cluster, server, ALONE)?,
        false => timeouts_alone(cluster, server, ALONE)?,
    };
    let whose = server.to_string();
    check_range(cluster, &whose, &timeouts)?;
    check_spread(cluster, &whose, &timeouts)?;
    let (lag, r) = samples::autocorrelation(&timeouts, LAGS);
    if r.abs() > MOST_ALONE {
        let which = match lag {
            1 => "the last one".to_string(),
            lag => format!("the one {lag} before"),
        };
        let sentence = format!(
            "the election timeouts of {server} follow a pattern: each can be told from {which} \
             (correlation {r:.2} in {ALONE}; it began with {})",
            first_of(&timeouts)
        );
        let rule = "election timeouts are random";
        return cluster.fail(rule, Task::FreshTimeouts, sentence);
    }
    remark_shape(cluster, &whose, &timeouts);
    Ok(())
}

/// The paper draws from a range uniformly. Another shape is no fault.
fn remark_shape(cluster: &mut Cluster, whose: &str, timeouts: &[f64]) {
    /// With 200 timeouts, 3.5 / sqrt(200): 5e-11. What steps and polls do is less, too.
    const FAR: f64 = 0.25;
    let timing = cluster.timing();
    let (min, max) = (timing.election_timeout_min(), timing.election_timeout_max());
    let distance = samples::distance_from_uniform(timeouts, millis(min), millis(max));
    if distance > FAR {
        cluster.remark(format!(
            "the election timeouts of {whose} are not spread evenly over {min:?} to {max:?}: {:.0} % \
             of them are too high or too low",
            100.0 * distance
        ));
    }
}

fn servers_draw_differently(cluster: &mut Cluster) -> Outcome {
    let servers: Vec<_> = cluster.servers().collect();
    for &server in &servers {
        cluster.isolate(server)?;
    }
    let mut drawn = Vec::new();
    for &server in &servers {
        try_alone(cluster, server, EACH + 1)?;
    }
    let mut hidden = false;
    for server in servers {
        hidden |= hides_its_timeouts_alone(cluster, server);
        // From the first: who draws the same as another does so from the start.
        let attempts = cluster.watch().attempts.of(server).iter();
        let waited = attempts.take(EACH).map(|a| millis(a.waited()));
        drawn.push((server, waited.collect::<Vec<f64>>()));
    }
    if !hidden {
        check_differences(cluster, &drawn)?;
    }
    cluster.heal_all()?;
    elect(cluster)?;
    Ok(())
}

fn check_differences(cluster: &Cluster, drawn: &[(ServerId, Vec<f64>)]) -> Outcome {
    for (index, (one, a)) in drawn.iter().enumerate() {
        for (other, b) in &drawn[..index] {
            let n = a.len().min(b.len());
            let same = a[..n].iter().zip(&b[..n]).all(|(a, b)| (a - b).abs() < 1.0);
            let (shift, r) = samples::cross_correlation(a, b, SHIFTS);
            let how = match shift {
                _ if same => "draw the same election timeouts".to_string(),
                _ if r.abs() <= MOST_EACH => continue,
                0 => format!("draw election timeouts that go together (correlation {r:.2})"),
                shift => format!(
                    "draw election timeouts that go together, {shift} apart (correlation {r:.2})"
                ),
            };
            let sentence = format!(
                "{other} and {one} {how}: {} and {}",
                first_of(b),
                first_of(a)
            );
            let rule = "servers draw different election timeouts";
            return cluster.fail(rule, Task::FreshTimeouts, sentence);
        }
    }
    Ok(())
}

/// The first few, in words.
fn first_of(timeouts: &[f64]) -> String {
    let first = timeouts.iter().take(4).map(|x| format!("{x:.0}"));
    format!("{}, ... ms", first.collect::<Vec<_>>().join(", "))
}

//! What the measured tests share: getting to a leader that stays, and collecting timeouts.

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::{Redraw, Timing};

use crate::cluster::{Cluster, Leader};
use crate::diagnosis;
use crate::finding::{Finding, Outcome};
use crate::rules::staged::{EARLY, LATE, tick};
use crate::samples;
use crate::task::Task;

/// The assignment's network: 1 to 5 ms one way, and nothing is lost.
pub(super) fn network() -> Faults {
    Faults::RELIABLE.delayed(Delay::uniform_millis(1, 5))
}

/// The longest that a message takes on it.
pub(super) const LATENCY: Duration = Duration::from_millis(5);

/// A finding in how a server waits when it hears nobody has this hint, whatever its test is about.
const AGAIN: &str = "a candidate whose election timer runs out campaigns again, and again, each time \
                     after a fresh timeout of the declared range: it neither gives up, nor rests, nor \
                     backs off (Raft paper, 5.2; Figure 2, 'Candidates')";

/// Far beyond what an election takes, whatever a server declares.
pub(super) fn long(timing: &Timing) -> Duration {
    timing.election_timeout_max() * 40 + Duration::from_secs(5)
}

/// Waits for a leader, for very long if need be.
pub(super) fn elect(cluster: &mut Cluster) -> Outcome<Leader> {
    let (began, before) = (cluster.now(), cluster.watch().activity);
    let patience = long(&cluster.timing());
    cluster.advance_until(patience, |watch| watch.view.is_led())?;
    if let Some((server, term)) = cluster.watch().view.leader() {
        return Ok(Leader { server, term });
    }
    let (seen, task) = diagnosis::no_leader(cluster.watch(), began, &before);
    cluster.unexpected(|at| Finding {
        rule: "a leader is elected",
        at,
        sentence: format!("no leader for {:.0} s: {seen}", patience.as_secs_f32()),
        hint: match task {
            Task::FreshTimeouts => {
                "servers that wait equally long campaign at the same time and split the vote: at each \
                 reset each draws a fresh timeout from random numbers of its own, ctx.rng() (Raft \
                 paper, 5.2)"
            }
            _ => {
                "a server that hears of no leader for an election timeout campaigns, and with the votes \
                 of a majority it leads (Raft paper, 5.2)"
            }
        },
        task: Some(task),
    })
}

/// Waits for a leader whom all others have had time to hear of. One that is unseated at once gets
/// a few more chances; the last leader is good enough.
pub(super) fn settle(cluster: &mut Cluster) -> Outcome<Leader> {
    const CHANCES: usize = 10;
    let a_while = cluster.timing().election_timeout_max() + Duration::from_millis(500);
    let mut leader = elect(cluster)?;
    for _ in 0..CHANCES {
        cluster.advance(a_while)?;
        let now = elect(cluster)?;
        if now == leader {
            break;
        }
        leader = now;
    }
    Ok(leader)
}

/// Some server that does not lead.
pub(super) fn a_follower(cluster: &mut Cluster, leader: Leader) -> ServerId {
    let others = cluster.servers().len() - 1;
    let nth = cluster.random(others);
    let mut followers = cluster.servers().filter(|&id| id != leader.server);
    followers.nth(nth).unwrap_or(leader.server)
}

/// Whether the timeouts of a server that hears nobody do not show. An etcd that asks for promises is
/// never anything but a pre-candidate, and so keeps its timeout; and who sends pre-votes again that
/// are not answered does not show when it begins anew.
pub(super) fn hides_its_timeouts_alone(cluster: &Cluster, server: ServerId) -> bool {
    let features = cluster.features();
    let keeps = features.redraw == Redraw::OnStateChange && features.pre_vote.is_some();
    keeps || cluster.watch().attempts.asks_again(server)
}

/// Waits until a server that is cut off has tried to be elected so many times.
pub(super) fn try_alone(cluster: &mut Cluster, server: ServerId, count: usize) -> Outcome {
    let tried = |cluster: &Cluster| cluster.watch().attempts.of(server).len();
    let (before, began) = (tried(cluster), cluster.now());
    let patience = slowest(&cluster.timing()) * (count.saturating_sub(before) as u32 + 1);
    cluster.advance_until(patience, |watch| watch.attempts.of(server).len() >= count)?;
    if tried(cluster) >= count {
        return Ok(());
    }
    let sentence = format!(
        "{server} hears nobody, and tried to be elected {} times in {:.1} s; it declares election \
         timeouts of at most {:?}",
        tried(cluster) - before,
        (cluster.now() - began).as_secs_f32(),
        cluster.timing().election_timeout_max()
    );
    let rule = "a candidate tries again";
    cluster.fail_anywhere(rule, AGAIN, Task::Campaign, sentence)
}

/// So many election timeouts, in milliseconds, of a server that is cut off; the first attempt,
/// which followed something else, is not among them.
pub(super) fn timeouts_alone(
    cluster: &mut Cluster,
    server: ServerId,
    count: usize,
) -> Outcome<Vec<f64>> {
    let first = cluster.watch().attempts.of(server).len() + 1;
    try_alone(cluster, server, first + count)?;
    let attempts = cluster.watch().attempts.of(server).iter();
    let waited = attempts.skip(first).take(count);
    Ok(waited.map(|attempt| millis(attempt.waited())).collect())
}

/// So many election timeouts of a server that, after each, is let in again until it hears the
/// leader. For who [hides its timeouts](hides_its_timeouts_alone) alone.
pub(super) fn timeouts_after_a_leader(
    cluster: &mut Cluster,
    server: ServerId,
    count: usize,
) -> Outcome<Vec<f64>> {
    let (patience, heard) = (
        slowest(&cluster.timing()),
        cluster.timing().heartbeat_interval() * 3,
    );
    let mut found = Vec::new();
    while found.len() < count {
        cluster.rejoin(server)?;
        cluster.advance(heard + LATE)?;
        cluster.isolate(server)?;
        let before = cluster.watch().attempts.of(server).len();
        cluster.advance_until(patience + heard, |watch| {
            watch.attempts.of(server).len() > before
        })?;
        let Some(attempt) = cluster.watch().attempts.of(server).get(before) else {
            let sentence = format!("{server} hears nobody for {patience:?}, and does nothing");
            let rule = "who hears nobody campaigns";
            return cluster.fail_anywhere(rule, AGAIN, Task::ElectionTimer, sentence);
        };
        found.push(millis(attempt.waited()));
    }
    Ok(found)
}

/// The longest time from one attempt to the next.
fn slowest(timing: &Timing) -> Duration {
    timing.election_timeout_max() + LATE + tick(timing)
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Expects that these election timeouts lie within the declared range, and `server` is whose they
/// are.
pub(super) fn check_range(cluster: &Cluster, whose: &str, sample: &[f64]) -> Outcome {
    let timing = cluster.timing();
    let tolerance = tick(&timing);
    let least = timing
        .election_timeout_min()
        .saturating_sub(EARLY + tolerance);
    let most = timing.election_timeout_max() + LATE + tolerance;
    let (shortest, longest) = samples::range(sample);
    let wrong = match () {
        () if shortest < millis(least) => shortest,
        () if longest > millis(most) => longest,
        () => return Ok(()),
    };
    let sentence = format!(
        "{whose} waited {wrong:.1} ms from one attempt to be elected to the next; it declares \
         election timeouts of {:?} to {:?}",
        timing.election_timeout_min(),
        timing.election_timeout_max()
    );
    let rule = "election timeouts are as declared";
    cluster.fail_anywhere(rule, AGAIN, Task::FreshTimeouts, sentence)
}

/// Expects that these election timeouts are spread out: over a fair part of the declared range, and
/// the lower, middle and upper third of what they cover each occur. What part is fair is generous: a
/// declared range must hold whatever a server does, and alone it may do less (a ticker that sleeps
/// for a random time and then looks is at its longest only after it has heard somebody).
pub(super) fn check_spread(cluster: &Cluster, whose: &str, sample: &[f64]) -> Outcome {
    const FAIR: f64 = 0.2;
    let timing = cluster.timing();
    let (min, max) = (
        millis(timing.election_timeout_min()),
        millis(timing.election_timeout_max()),
    );
    let (shortest, longest) = samples::range(sample);
    let covered = longest - shortest;
    let occurs = |third: f64| {
        let from = shortest + covered * third / 3.0;
        let within = |&&x: &&f64| from <= x && x <= from + covered / 3.0;
        sample.iter().find(within).is_some()
    };
    let what = match () {
        () if max <= min || covered < FAIR * (max - min) => "which is hardly any of it",
        () if ![0.0, 1.0, 2.0].into_iter().all(occurs) => "and none in between",
        () => return Ok(()),
    };
    let sentence = format!(
        "{whose} drew {} election timeouts from {shortest:.1} to {longest:.1} ms; the declared range \
         is {min:.0} to {max:.0} ms, {what}",
        sample.len()
    );
    let rule = "election timeouts are random";
    let hint = "each reset of the election timer draws a fresh timeout from the whole declared range, \
                with random numbers of this server's own, ctx.rng() (6.824, lecture 6; Raft paper, 5.2)";
    cluster.fail_anywhere(rule, hint, Task::FreshTimeouts, sentence)
}

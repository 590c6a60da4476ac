//! CheckQuorum (thesis 6.2).

use std::time::Duration;

use raftapi::{Role, Term, Time};

use super::{a_while, by_hand, conditions, leaders_are_kept, settled, together};
use crate::chance::LATENESS;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Feature;
use crate::rules::staged::{Staged, tick};
use crate::test::Test;

const NEEDS: &[Feature] = &[Feature::CheckQuorum];

/// So many election timeouts, and where one server of five alone can win, it has won: each time with
/// a probability of a tenth at least.
const PATIENCE: u32 = 250;

pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "leaders_without_a_majority_resign",
            fewest_servers: 5,
            points: 2,
            description: "a leader that is cut off is no leader soon; one that is heard stays",
            hint: "a leader steps down if an election timeout elapses without a successful round of \
                   heartbeats to a majority (thesis 6.2)",
            script: leaders_without_a_majority_resign,
            ..together(NEEDS)
        },
        Test {
            name: "a_bare_majority_keeps_a_leader",
            description: "of four, two that answer keep a leader, and one does not",
            hint: "a leader counts itself and those that have answered it within an election timeout: \
                   it stays with a majority of all servers, and with no less (thesis 6.2)",
            servers: 4,
            script: a_bare_majority_keeps_a_leader,
            ..by_hand(NEEDS)
        },
        Test {
            name: "late_answers_keep_no_leader",
            description: "answers to heartbeats of an older term keep nobody in power",
            hint: "what keeps a leader are the answers to its heartbeats of this term; one to an older \
                   heartbeat may be a very late one (thesis 6.2)",
            script: late_answers_keep_no_leader,
            ..by_hand(NEEDS)
        },
        Test {
            name: "deaf_leader_is_replaced",
            description: "a leader that is heard and hears nobody resigns, and another is elected",
            hint: "a leader that hears from no majority steps down, or its heartbeats keep all others \
                   from campaigning for ever (thesis 6.2)",
            servers: 3,
            script: deaf_leader_is_replaced,
            ..together(NEEDS)
        },
        Test {
            name: "star_without_its_leader",
            description: "only one server's links work, and another leads: a new leader is elected",
            hint: "a leader that hears from no majority steps down, and whoever has heard it votes \
                   again when it has been silent (thesis 6.2 and 4.2.3)",
            script: star_without_its_leader,
            ..together(NEEDS)
        },
    ]
}

fn leaders_without_a_majority_resign(cluster: &mut Cluster) -> Outcome {
    cluster.hold_to(Staged::LeadersResign);
    let (old, others) = settled(cluster)?;
    let time = a_while(cluster);
    // It still has a majority with two of the four.
    let out = cluster.random(3);
    for &server in &others[..out] {
        cluster.isolate(server)?;
    }
    let why = format!("{out} of 4 followers were cut off");
    cluster.check_undisturbed(old, time, &why)?;
    match cluster.random(2) {
        0 => cluster.isolate(old.server)?,
        _ => {
            for &server in &others {
                cluster.isolate(server)?;
            }
        }
    }
    cluster.advance(time)?;
    cluster.heal_all()?;
    let all = conditions(cluster);
    cluster.check_settled(&all).map(|_| ())
}

fn a_bare_majority_keeps_a_leader(cluster: &mut Cluster) -> Outcome {
    let peers = cluster.peers_in_any_order();
    cluster.only_acknowledge(&peers[..2]);
    let term = cluster.elect()?;
    let until = cluster.now() + 2 * a_while(cluster);
    if cluster.wait_for(until, |cluster| !is_leader(cluster, term))? {
        let sentence = format!(
            "{S0} led term {term}, {} and {} of 4 servers answered each of its heartbeats, and at \
             {} {}",
            peers[0],
            peers[1],
            cluster.now(),
            cluster.said_in_words()
        );
        return cluster.fail("a leader that hears a majority stays", None, sentence);
    }
    // Half of the servers is no majority.
    let answering = cluster.random(2);
    cluster.only_acknowledge(&peers[..answering]);
    let since = cluster.now();
    let resigned = must_resign(cluster, term, since)?;
    let campaign = cluster.campaign()?;
    // Whoever leads and hears itself has done so a heartbeat ago at the latest.
    let timing = cluster.timing();
    let earliest = resigned + timing.election_timeout_min()
        - timing.heartbeat_interval()
        - cluster.early()
        - LATENESS;
    if campaign.began < earliest {
        let sentence = format!(
            "{S0} resigned at {resigned} and campaigned in term {} at {}; its shortest election \
             timeout is {:?}",
            campaign.term,
            campaign.began,
            timing.election_timeout_min()
        );
        return cluster.fail("who resigns waits for an election timeout", None, sentence);
    }
    Ok(())
}

/// Expects that S0, whose heartbeats of this term no majority has answered since then, soon leads it
/// no longer. When that was.
fn must_resign(cluster: &mut Cluster, term: Term, since: Time) -> Outcome<Time> {
    let timing = cluster.timing();
    let until = since
        + 2 * timing.election_timeout_min()
        + timing.heartbeat_interval()
        + LATENESS
        + tick(&timing);
    if cluster.wait_for(until, |cluster| !is_leader(cluster, term))? {
        return Ok(cluster.now());
    }
    let sentence = format!(
        "no majority has answered {S0}'s heartbeats of term {term} since {since}, and at {until} {}",
        cluster.said_in_words()
    );
    cluster.fail("a leader without a majority resigns", None, sentence)
}

fn is_leader(cluster: &Cluster, term: Term) -> bool {
    cluster.said() == Some((term, Role::Leader))
}

fn late_answers_keep_no_leader(cluster: &mut Cluster) -> Outcome {
    cluster.acknowledge_heartbeats(false);
    let old = cluster.elect()?;
    let shortest = cluster.timing().election_timeout_min();
    cluster.pass(shortest)?;
    let late = cluster.unanswered_heartbeats(old);
    let term = cluster.elect()?;
    let elected = cluster.now();
    for message in late {
        let next = cluster.now() + shortest * 3 / 5;
        cluster.wait_for(next, |cluster| !is_leader(cluster, term))?;
        if is_leader(cluster, term) {
            cluster.answers_heartbeat(message, old, true)?;
        }
    }
    must_resign(cluster, term, elected).map(|_| ())
}

fn deaf_leader_is_replaced(cluster: &mut Cluster) -> Outcome {
    let (old, others) = settled(cluster)?;
    for &other in &others {
        cluster.cut(other, old.server)?;
    }
    replaced(cluster)
}

fn star_without_its_leader(cluster: &mut Cluster) -> Outcome {
    let (_, others) = settled(cluster)?;
    let centre = others[0];
    for from in cluster.servers() {
        for to in cluster.servers() {
            if from != to && from != centre && to != centre {
                cluster.cut(from, to)?;
            }
        }
    }
    replaced(cluster)
}

/// Expects that there soon is a leader that a majority can hear and answer, and that it stays, if the
/// others heed it.
fn replaced(cluster: &mut Cluster) -> Outcome {
    let time = PATIENCE * cluster.timing().election_timeout_max();
    let time = time.max(Duration::from_secs(5));
    let leader = cluster.check_leader_within(time)?;
    if leaders_are_kept(cluster) {
        let time = a_while(cluster);
        cluster.check_undisturbed(leader, time, "and nothing has changed since")?;
    }
    cluster.heal_all()?;
    let all = conditions(cluster);
    cluster.check_settled(&all).map(|_| ())
}

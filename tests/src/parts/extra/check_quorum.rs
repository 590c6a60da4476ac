//! CheckQuorum (thesis 6.2).

use std::time::Duration;

use super::{a_while, by_hand, conditions, leaders_are_kept, settled, together};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Feature;
use crate::rules::staged::Staged;
use crate::test::Test;

const NEEDS: &[Feature] = &[Feature::CheckQuorum];

/// So many election timeouts, and where one server of five alone can win, it has won: each time with
/// a probability of a tenth at least.
const PATIENCE: u32 = 250;

pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "leaders_without_a_majority_resign",
            points: 2,
            description: "a leader that is cut off is no leader soon; one that is heard stays",
            hint: "a leader steps down if an election timeout elapses without a successful round of \
                   heartbeats to a majority (thesis 6.2)",
            script: leaders_without_a_majority_resign,
            ..together(NEEDS)
        },
        Test {
            name: "a_bare_majority_keeps_a_leader",
            points: 2,
            description: "of four, two that answer keep a leader, and one does not",
            hint: "a leader counts itself and those that have answered it within an election timeout: \
                   it stays with a majority of all servers, and with no less (thesis 6.2)",
            servers: 4,
            script: a_bare_majority_keeps_a_leader,
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
    cluster.hold_to(Staged::LeadersResign);
    let peers = cluster.peers_in_any_order();
    cluster.only_acknowledge(&peers[..2]);
    let term = cluster.elect()?;
    let until = cluster.now() + 2 * a_while(cluster);
    let leads = |cluster: &Cluster| cluster.said() == Some((term, raftapi::Role::Leader));
    if cluster.wait_for(until, |cluster| !leads(cluster))? {
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
    let time = a_while(cluster);
    cluster.pass(time)?;
    cluster.release(Staged::LeadersResign)?;
    cluster.campaign().map(|_| ())
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

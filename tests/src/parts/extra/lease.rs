//! Leases: whoever hears a leader ignores candidates (thesis 4.2.3).

use raftapi::{RequestVote, Role, ServerId, Term};

use super::{by_hand, half_heard_leaders, heeded_at_most, surely_heeded, together};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Feature;
use crate::test::Test;

const NEEDS: &[Feature] = &[Feature::Lease];

pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "disturbers_are_ignored",
            description: "who hears a leader gives no vote, and takes over no candidate's term",
            hint: "a request for votes within the minimum election timeout of hearing from a leader \
                   changes neither term nor vote; a leader hears itself (thesis 4.2.3)",
            script: disturbers_are_ignored,
            ..by_hand(NEEDS)
        },
        Test {
            name: "leases_run_out",
            description: "who has heard no leader for the minimum election timeout votes again",
            hint: "a lease lasts for the minimum election timeout after the last word of the current \
                   leader, and nothing else prolongs it (thesis 4.2.3)",
            script: leases_run_out,
            ..by_hand(NEEDS)
        },
        Test {
            name: "transfers_pass_leases",
            description: "an election that the leader has asked for is not ignored",
            hint: "a request for votes that a leadership transfer has led to is told by a flag, and no \
                   lease holds it up (thesis 4.2.3)",
            needs: &[Feature::Lease, Feature::Transfer],
            script: transfers_pass_leases,
            ..by_hand(NEEDS)
        },
        Test {
            name: "half_heard_leaders_with_leases",
            description: "a chain, a deaf follower: the leader stays for a minute",
            hint: "whoever hears a leader ignores candidates, and so does the leader: it is not deposed \
                   by larger terms as long as its heartbeats arrive (thesis 4.2.3)",
            servers: 3,
            script: half_heard_leaders,
            ..together(NEEDS)
        },
    ]
}

fn disturbers_are_ignored(cluster: &mut Cluster) -> Outcome {
    let [leader, disturber] = cluster.two_peers();
    if cluster.random(2) == 0 {
        return disturbed_leader(cluster, disturber);
    }
    let term = cluster.begin()? + 1 + cluster.random(3) as Term;
    let beat = cluster.beats(leader, term)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    for _ in 0..4 {
        let wait = cluster.random_time(surely_heeded(cluster));
        cluster.pass(wait)?;
        let newer = term + 1 + cluster.random(3) as Term;
        let request = cluster.vote_request(disturber, newer);
        let message = cluster.send(disturber, request)?;
        let at = cluster.deliver(message)?;
        let beat = cluster.beats(leader, term)?;
        let because = format!(
            "it heard {leader} all the time, and {disturber}'s RequestVote of term {newer} at {at} \
             was none of its business"
        );
        if cluster.grants_left().iter().any(|&(_, _, left)| left > at) {
            let sentence = format!("{S0} voted for {disturber}, though {because}");
            return cluster.fail(UNDISTURBED, None, sentence);
        }
        cluster.must_accept(&beat, &because)?;
    }
    Ok(())
}

const UNDISTURBED: &str = "who hears a leader ignores candidates";

fn disturbed_leader(cluster: &mut Cluster, disturber: ServerId) -> Outcome {
    let term = cluster.elect()?;
    for _ in 0..4 {
        let wait = cluster.random_time(2 * surely_heeded(cluster));
        cluster.pass(wait)?;
        let newer = term + 1 + cluster.random(3) as Term;
        let asked = cluster.asks(disturber, newer)?;
        if cluster.said() != Some((term, Role::Leader)) {
            let sentence = format!(
                "{S0} led term {term}, its heartbeats were answered, and it got {asked}: {}",
                cluster.said_in_words()
            );
            return cluster.fail(UNDISTURBED, None, sentence);
        }
    }
    Ok(())
}

fn leases_run_out(cluster: &mut Cluster) -> Outcome {
    let [leader, candidate] = cluster.two_peers();
    let earlier = cluster.begin()? + 1;
    let beat = cluster.beats(candidate, earlier)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    let term = earlier + 1;
    let beat = cluster.beats(leader, term)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    let ends = beat.at + heeded_at_most(cluster);
    cluster.pass(surely_heeded(cluster))?;
    // Neither of these is a word of the leader's.
    let what = match cluster.random(3) {
        0 => String::from("nothing"),
        1 => cluster.asks(candidate, term + 1)?.to_string(),
        _ => cluster.beats(candidate, earlier)?.to_string(),
    };
    cluster.pass_until(ends)?;
    let asked = cluster.asks(candidate, term + 3)?;
    let because = format!("the last that it had heard of a leader was {beat}; since then, {what}");
    cluster.must_grant(&asked, &because)
}

fn transfers_pass_leases(cluster: &mut Cluster) -> Outcome {
    let [leader, candidate] = cluster.two_peers();
    let (term, how) = match cluster.random(2) {
        0 => (cluster.elect()?, format!("{S0} led")),
        _ => {
            let term = cluster.begin()? + 1;
            let beat = cluster.beats(leader, term)?;
            cluster.must_accept(&beat, "it is of a newer term")?;
            (term, format!("it had just got {beat}"))
        }
    };
    let wait = cluster.random_time(surely_heeded(cluster));
    cluster.pass(wait)?;
    let asked = cluster.asks_with(RequestVote {
        leader_transfer: true,
        ..cluster.vote_request(candidate, term + 1)
    })?;
    let because = format!("the leader itself had asked for that election; {how}");
    cluster.must_grant(&asked, &because)
}

//! Newer terms, older ones, and what comes late.

use labrpc::ServerId;
use raftapi::{Role, Term};

use super::ROUND_TRIP;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::{Campaign, S0};
use crate::task::Task;

/// By how much a term may be newer, besides a few: terms have 64 bits.
const FAR: [Term; 5] = [0, 0, 1 << 8, 1 << 16, 1 << 40];

pub(super) fn newer_terms_in_requests(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let role = [Role::Follower, Role::Candidate, Role::Leader][cluster.random(3)];
    let old = cluster.become_role(role, first)?;
    hear_of_a_leader(cluster, role, old, first)?;
    let term = old + 1 + cluster.random(3) as Term + FAR[cluster.random(FAR.len())];
    // A lease protects a leader, and whoever has heard one, from candidates.
    let heartbeat = cluster.random(2) == 0 || (cluster.features().lease && role == Role::Leader);
    let kind = if heartbeat {
        "AppendEntries"
    } else {
        "RequestVote"
    };
    let because = format!("{S0}, {role} of term {old}, got {kind} of term {term} from {second}");
    let at = if heartbeat {
        let beat = cluster.beats(second, term)?;
        cluster.must_adopt(term, &because)?;
        cluster.must_accept(&beat, "it is of a newer term")?;
        beat.at
    } else {
        let asked = cluster.asks(second, term)?;
        let told = asked.reply.as_ref().map(|(_, reply)| reply.term);
        cluster.must_adopt(term, &because)?;
        cluster.must_tell_term(&asked, told, term)?;
        cluster.must_grant(&asked, &format!("it was {role} of term {old}"))?;
        asked.at
    };
    cluster.must_send_no_heartbeat(old, at)
}

/// Perhaps a follower has just heard its leader, and a leader its followers: that protects nobody from
/// a newer term, but with a lease.
fn hear_of_a_leader(cluster: &mut Cluster, role: Role, term: Term, leader: ServerId) -> Outcome {
    if cluster.features().lease || cluster.random(2) == 0 {
        return Ok(());
    }
    match role {
        Role::Leader => {
            let while_it_leads = cluster.random_time(2 * cluster.timing().heartbeat_interval());
            cluster.pass(while_it_leads)
        }
        Role::Follower => {
            let beat = cluster.beats(leader, term)?;
            cluster.must_accept(&beat, "it had voted for this leader")
        }
        _ => Ok(()),
    }
}

pub(super) fn newer_terms_in_replies(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let newer = 1 + cluster.random(3) as Term;
    let campaign = cluster.campaign()?;
    let old = campaign.term;
    let kind = cluster.random(4);
    let what = match kind {
        0 => "candidate", // and nothing has happened since
        1 => {
            cluster.beats(first, old)?;
            "follower"
        }
        _ => {
            cluster.grants(first, &campaign)?;
            if kind == 3 {
                cluster.grants(second, &campaign)?;
            }
            cluster.must_win(&campaign)?;
            "leader"
        }
    };
    let term = old + newer;
    let reply = if kind == 3 {
        cluster.refuses_heartbeat_in(term, second, old)?;
        "AppendEntries"
    } else {
        cluster.refuses_in(term, second, &campaign)?;
        "RequestVote"
    };
    let at = cluster.now() + ROUND_TRIP;
    let because = format!(
        "{S0}, {what} of term {old}, was told of term {term} by {second} in its reply to {S0}'s {reply} of \
         term {old}, sent at {}",
        cluster.now()
    );
    cluster.must_adopt(term, &because)?;
    cluster.must_send_no_heartbeat(old, at)
}

pub(super) fn heartbeats_of_the_same_term(cluster: &mut Cluster) -> Outcome {
    let [leader, other] = cluster.two_peers();
    let (term, vote) = if cluster.random(2) == 0 {
        let campaign = cluster.campaign()?;
        cluster.pass(ROUND_TRIP)?; // it may have to ask itself first
        (campaign.term, S0)
    } else {
        let term = cluster.begin()? + 1;
        let vote = [leader, other][cluster.random(2)];
        let asked = cluster.asks(vote, term)?;
        cluster.must_grant(&asked, "nobody had asked it in that term before")?;
        (term, vote)
    };
    let beat = cluster.beats(leader, term)?;
    cluster.must_be_follower(term, &format!("{S0} got {beat}"))?;
    cluster.must_accept(&beat, "it was in that term and led it not")?;
    for rival in [leader, other] {
        if rival != vote {
            let asked = cluster.asks(rival, term)?;
            let because = format!("it had voted for {vote} in that term, and then got {beat}");
            cluster.must_not_grant(&asked, &because, Task::AnswerRequestVote)?;
        }
    }
    Ok(())
}

pub(super) fn heartbeats_of_an_older_term(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    // So that there is an older term.
    let before = cluster.begin()? + 1 + cluster.random(3) as Term;
    cluster.asks(first, before)?;
    let role = [Role::Follower, Role::Candidate, Role::Leader][cluster.random(3)];
    let term = cluster.become_role_after(before, role, first)?;
    for _ in 0..2 {
        let beat = cluster.beats(second, before)?;
        cluster.must_not_accept(&beat, &format!("it was {role} of term {term}"))?;
        cluster.must_tell_term(
            &beat,
            beat.reply.as_ref().map(|(_, reply)| reply.term),
            term,
        )?;
        cluster.must_still_be(term, role, &format!("got {beat}"))?;
    }
    let asked = cluster.asks(second, term)?;
    let vote = if role == Role::Follower { first } else { S0 };
    let because =
        format!("it had voted for {vote} in that term, before a heartbeat of an older one");
    cluster.must_not_grant(&asked, &because, Task::AnswerRequestVote)
}

pub(super) fn late_replies_change_nothing(cluster: &mut Cluster) -> Outcome {
    let peers = cluster.peers_in_any_order();
    let campaign = cluster.campaign()?;
    for &peer in &peers[..2] {
        cluster.grants(peer, &campaign)?;
    }
    cluster.must_win(&campaign)?;
    late_vote(cluster, peers[2], &campaign)?;
    let because = "got a late answer to its RequestVote";
    cluster.must_still_be(campaign.term, Role::Leader, because)?;

    // Its heartbeats are answered when it has stepped down, and so is the last RequestVote.
    cluster.acknowledge_heartbeats(false);
    let voter = peers[0];
    let term = campaign.term + 1;
    let late = cluster.latest_heartbeats_to(&peers, campaign.term)?;
    let beat = cluster.beats(voter, term)?;
    cluster.must_adopt(
        term,
        &format!("{S0}, leader of term {}, got {beat}", campaign.term),
    )?;
    for message in late {
        let success = cluster.random(2) == 0;
        cluster.answers_heartbeat(message, campaign.term, success)?;
    }
    late_vote(cluster, peers[3], &campaign)?;
    cluster.must_still_be(term, Role::Follower, "got late answers")
}

/// A peer's vote in this campaign, or its refusal, which comes too late to matter.
fn late_vote(cluster: &mut Cluster, peer: ServerId, campaign: &Campaign) -> Outcome {
    match cluster.random(2) {
        0 => cluster.grants(peer, campaign)?,
        _ => cluster.refuses(peer, campaign)?,
    }
    cluster.pass(ROUND_TRIP)
}

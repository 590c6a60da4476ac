//! Whom a server votes for, and which votes count. One server runs, its peers are played by hand;
//! each message takes a millisecond.

use std::time::Duration;

use labrpc::{Delay, Faults, LinkFaults, ServerId};
use raftapi::{Role, Term};

use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::{Campaign, S0};
use crate::part::Part;
use crate::task::Task;
use crate::test::{Cast, Test};

/// Until a message has arrived for sure, and its answer.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(5);

pub(super) fn network() -> Faults {
    Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)))
}

fn vote(
    name: &'static str,
    description: &'static str,
    script: fn(&mut Cluster) -> Outcome,
) -> Test {
    Test {
        name,
        points: 1,
        description,
        cast: Cast::Alone,
        faults: network(),
        script,
        ..Test::of(Part::Votes)
    }
}

/// The tests of voting.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            servers: 5,
            hint: "each server votes for at most one candidate in a term, first come, first served; \
                   each new term begins without a vote (Raft paper, 5.2 and Figure 2)",
            ..vote(
                "first_come_first_served",
                "one vote in each term, and for whoever asks first",
                first_come_first_served,
            )
        },
        Test {
            hint: "voted_for is null or candidateId: a candidate whose grant was lost may ask again, and \
                   gets the same answer (Raft paper, Figure 2)",
            ..vote(
                "a_lost_grant_is_given_again",
                "the same candidate may ask again in the same term",
                a_lost_grant_is_given_again,
            )
        },
        Test {
            hint: "a candidate votes for itself: voted_for says so (Raft paper, 5.2; Figure 2, \
                   'Candidates')",
            ..vote(
                "a_candidate_has_voted",
                "a candidate refuses other candidates of its term",
                a_candidate_has_voted,
            )
        },
        Test {
            hint: "reply false if term < currentTerm; each reply says the current term (Raft paper, \
                   Figure 2 and 5.1)",
            ..vote(
                "older_terms_are_refused",
                "a candidate of an older term is refused, and told the current one",
                older_terms_are_refused,
            )
        },
        Test {
            hint: "if a request contains a newer term, take it over and be a follower, whatever you were \
                   (Raft paper, 5.1; Figure 2, 'All Servers')",
            ..vote(
                "newer_terms_in_requests",
                "followers, candidates and leaders take over a newer term from a request",
                newer_terms_in_requests,
            )
        },
        Test {
            hint: "if a response contains a newer term, take it over and be a follower, whatever you were \
                   (Raft paper, 5.1; Figure 2, 'All Servers')",
            ..vote(
                "newer_terms_in_replies",
                "followers, candidates and leaders take over a newer term from a reply",
                newer_terms_in_replies,
            )
        },
        Test {
            hint: "only votes that were granted count: look at vote_granted (Raft paper, 5.2)",
            ..vote(
                "refusals_do_not_count",
                "a candidate that all refuse does not lead",
                refusals_do_not_count,
            )
        },
        Test {
            servers: 5,
            hint: "an election is won with votes of the same term: each begins with no vote but one's own, \
                   and the request that a reply answers says of which it is (Raft paper, 5.2)",
            ..vote(
                "votes_of_an_earlier_term_do_not_count",
                "neither late ones, nor those that were counted in the election before",
                votes_of_an_earlier_term_do_not_count,
            )
        },
        Test {
            servers: 5,
            hint: "count servers, not replies: a network may deliver one twice (Raft paper, 5.2)",
            ..vote(
                "each_server_counts_once",
                "a vote that arrives several times is one vote",
                each_server_counts_once,
            )
        },
        Test {
            hint: "a candidate that hears a leader of its own term follows it, and its vote in that term is \
                   given all the same (Raft paper, 5.2; Figure 2, 'Candidates')",
            ..vote(
                "heartbeats_of_the_same_term",
                "a candidate yields to the leader of its term; no vote is free again",
                heartbeats_of_the_same_term,
            )
        },
        Test {
            hint: "votes make a leader of a candidate only: count them in that role (Raft paper, 5.2; \
                   Figure 4)",
            ..vote(
                "votes_for_a_follower_do_not_count",
                "votes that arrive after a candidate has stepped down",
                votes_for_a_follower_do_not_count,
            )
        },
        Test {
            servers: 4,
            hint: "a majority of the full cluster, three of four, and not of those who have answered so \
                   far; with it a candidate leads at once (Raft paper, 5.2)",
            ..vote(
                "the_majority_of_four_is_three",
                "two votes of four are too few, three are enough at once",
                the_majority_of_four_is_three,
            )
        },
        Test {
            hint: "reply false if term < currentTerm, and let nothing else of it have any effect (Raft \
                   paper, Figure 2, 'AppendEntries RPC', point 1; 5.1)",
            ..vote(
                "heartbeats_of_an_older_term",
                "a leader that has been replaced is refused and changes nothing",
                heartbeats_of_an_older_term,
            )
        },
        Test {
            servers: 5,
            hint: "a reply may come when nobody waits for it any more: compare its request's term with \
                   the current one, and look at your role (Students' Guide to Raft, 'Term confusion')",
            ..vote(
                "late_replies_change_nothing",
                "replies to a leader and a follower that do not expect them",
                late_replies_change_nothing,
            )
        },
    ]
}

fn first_come_first_served(cluster: &mut Cluster) -> Outcome {
    let mut term = cluster.begin()?;
    for _ in 0..2 {
        term += 1 + cluster.random(3) as Term;
        let candidates = cluster.peers_in_any_order();
        let first = candidates[0];
        let asked = cluster.asks(first, term)?;
        cluster.must_grant(
            &asked,
            "nobody had asked it in that term before (each has a vote of its own)",
        )?;
        for &other in &candidates[1..] {
            let asked = cluster.asks(other, term)?;
            let because = format!("it had voted for {first} in that term");
            cluster.must_refuse(&asked, &because, Task::AnswerRequestVote)?;
        }
    }
    Ok(())
}

fn a_lost_grant_is_given_again(cluster: &mut Cluster) -> Outcome {
    let term = cluster.begin()? + 1;
    let [first, second] = cluster.two_peers();
    let asked = cluster.asks(first, term)?;
    cluster.must_grant(&asked, "nobody had asked it in that term before")?;
    if cluster.random(2) == 0 {
        cluster.asks(second, term)?;
    }
    let asked = cluster.asks(first, term)?;
    cluster.must_grant(&asked, "its vote in that term was this candidate's already")
}

fn a_candidate_has_voted(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    cluster.pass(ROUND_TRIP)?; // it may have to ask itself first
    if cluster.random(2) == 0 {
        let [peer, _] = cluster.two_peers();
        cluster.refuses(peer, &campaign)?;
        cluster.pass(ROUND_TRIP)?;
    }
    for candidate in cluster.peers_in_any_order() {
        let asked = cluster.asks(candidate, campaign.term)?;
        let because = format!("it campaigned itself in that term, at {}", campaign.began);
        cluster.must_refuse(&asked, &because, Task::Campaign)?;
    }
    Ok(())
}

fn older_terms_are_refused(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let term = cluster.begin()? + 3 + cluster.random(3) as Term;
    let how = match cluster.random(2) {
        0 => cluster.asks(first, term)?.to_string(),
        _ => cluster.beats(first, term)?.to_string(),
    };
    for candidate in [second, first] {
        let older = term - 1 - cluster.random(2) as Term;
        let asked = cluster.asks(candidate, older)?;
        let because = format!("it had got {how}");
        cluster.must_refuse(&asked, &because, Task::AnswerRequestVote)?;
        cluster.must_tell_term(
            &asked,
            asked.reply.as_ref().map(|(_, reply)| reply.term),
            term,
        )?;
    }
    Ok(())
}

fn newer_terms_in_requests(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let role = [Role::Follower, Role::Candidate, Role::Leader][cluster.random(3)];
    let old = cluster.become_role(role, first)?;
    let term = old + 1 + cluster.random(3) as Term;
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
        cluster.must_adopt(term, &because)?;
        cluster.must_grant(&asked, &format!("it was {role} of term {old}"))?;
        asked.at
    };
    cluster.must_send_no_heartbeat(old, at)
}

fn newer_terms_in_replies(cluster: &mut Cluster) -> Outcome {
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

fn refusals_do_not_count(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    let peers = cluster.peers_in_any_order();
    let refusing = 1 + cluster.random(peers.len());
    for &peer in &peers[..refusing] {
        cluster.refuses(peer, &campaign)?;
    }
    let because = format!("{:?} refused it their votes", &peers[..refusing]);
    cluster.must_not_lead(campaign.term, &because)
}

fn votes_of_an_earlier_term_do_not_count(cluster: &mut Cluster) -> Outcome {
    let peers = cluster.peers_in_any_order();
    let earlier = cluster.campaign()?;
    let in_time = cluster.random(2) == 0;
    if in_time {
        cluster.grants(peers[0], &earlier)?;
    }
    let campaign = cluster.campaign()?;
    let voters = if in_time {
        cluster.grants(peers[1], &campaign)?;
        format!("{} in term {} and {}", peers[0], earlier.term, peers[1])
    } else {
        for &peer in &peers {
            cluster.grants(peer, &earlier)?;
        }
        format!("all others in term {}, and nobody", earlier.term)
    };
    let because = format!("it was voted for by {voters} in that term");
    cluster.must_not_lead(campaign.term, &because)?;
    for &peer in &peers[2..] {
        cluster.grants(peer, &campaign)?;
    }
    cluster.must_win(&campaign)
}

fn each_server_counts_once(cluster: &mut Cluster) -> Outcome {
    let peers = cluster.peers_in_any_order();
    let twice = LinkFaults {
        duplication: 1.0,
        ..network().link
    };
    cluster.set_link(S0, peers[0], twice.clone())?;
    cluster.set_link(peers[0], S0, twice)?;
    let campaign = cluster.campaign()?;
    for _ in 0..2 {
        cluster.grants(peers[0], &campaign)?;
    }
    let because = format!("of 5 servers it has the votes of {} and its own", peers[0]);
    cluster.must_not_lead(campaign.term, &because)?;
    cluster.grants(peers[1], &campaign)?;
    cluster.must_win(&campaign)
}

fn votes_for_a_follower_do_not_count(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let campaign = cluster.campaign()?;
    let (term, stepped_down) = match cluster.random(3) {
        0 => (
            campaign.term,
            cluster.beats(first, campaign.term)?.to_string(),
        ),
        1 => (
            campaign.term + 1,
            cluster.beats(first, campaign.term + 1)?.to_string(),
        ),
        _ => (
            campaign.term + 1,
            cluster.asks(first, campaign.term + 1)?.to_string(),
        ),
    };
    let because = format!(
        "{S0}, candidate of term {}, got {stepped_down}",
        campaign.term
    );
    cluster.must_adopt(term, &because)?;
    for peer in [second, first] {
        cluster.grants(peer, &campaign)?;
        cluster.pass(ROUND_TRIP)?;
    }
    let because = format!("the votes of that term came in after {stepped_down}");
    cluster.must_not_lead(campaign.term, &because)?;
    cluster.must_not_lead(campaign.term + 1, &because)
}

fn the_majority_of_four_is_three(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    let peers = cluster.peers_in_any_order();
    let because = "of 4 servers it has no vote but its own";
    cluster.must_not_lead(campaign.term, because)?;
    cluster.grants(peers[0], &campaign)?;
    let because = format!("of 4 servers it has the votes of {} and its own", peers[0]);
    cluster.must_not_lead(campaign.term, &because)?;
    cluster.grants(peers[1], &campaign)?;
    cluster.must_win(&campaign)
}

fn heartbeats_of_the_same_term(cluster: &mut Cluster) -> Outcome {
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

fn heartbeats_of_an_older_term(cluster: &mut Cluster) -> Outcome {
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

fn late_replies_change_nothing(cluster: &mut Cluster) -> Outcome {
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

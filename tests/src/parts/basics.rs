//! The first steps: whoever fails these scores nothing, and nothing else is tried.
//!
//! A server that does nothing passes many a test that only looks for what is wrong, and so does one
//! that refuses everything or grants everything. Here each of them fails, and nobody who has made
//! only one mistake does: the rest of the suite charges that, so no rule is looked at here.

use std::time::Duration;

use labrpc::{Delay, Faults, ServerId};
use raftapi::{Entry, RequestVote, Stable, Term};

use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Part;
use crate::task::Task;
use crate::test::{Cast, Test};

/// How often S0 is given a chance to vote.
const CHANCES: usize = 3;

/// The basics.
pub(super) fn tests() -> Vec<Test> {
    vec![Test {
        name: "first_steps",
        description: "it campaigns, votes, and refuses a vote",
        hint: "who hears of no leader for an election timeout campaigns in a new term; who is asked \
               for its vote answers: yes, if it has not voted in that term and the candidate's log \
               is as good as its own, else no (Raft paper, 5.2 and Figure 2)",
        cast: Cast::AloneLater,
        faults: Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1))),
        script: first_steps,
        ..Test::of(Part::Basics)
    }]
}

fn first_steps(cluster: &mut Cluster) -> Outcome {
    cluster.judge_by_no_rule();
    let stable = Stable {
        current_term: 2,
        voted_for: None,
        log: vec![Entry {
            term: 1,
            command: String::new(),
        }],
    };
    cluster.preload(S0, stable.clone())?;
    cluster.restart(S0)?;
    let campaign = cluster.campaign()?;

    // Once more from the beginning: it need not cope with candidates while it is one, nor remember.
    cluster.crash(S0)?;
    cluster.preload(S0, stable)?;
    cluster.revive()?;
    let first = campaign.term + 1;
    let mut term = first;
    for chance in 0..CHANCES {
        if vote_in(cluster, term)? {
            return refuses_something(cluster, term);
        }
        term += 1;
        if chance + 1 < CHANCES {
            // Whoever thinks that there may be a leader still has waited long enough then.
            let again = cluster.now() + 2 * cluster.timing().election_timeout_max();
            let campaign = cluster.campaign_until(again)?;
            term = term.max(campaign.map_or(0, |campaign| campaign.term + 1));
        }
    }
    no_vote(cluster, first, term - 1)
}

/// The request of a candidate whose log is newer and longer than S0's.
fn good_request(cluster: &Cluster, candidate: ServerId, term: Term) -> RequestVote {
    RequestVote {
        last_log_index: 2,
        last_log_term: 2,
        ..cluster.vote_request(candidate, term)
    }
}

/// A candidate that deserves it asks for the vote in this term. Whether it is granted.
fn vote_in(cluster: &mut Cluster, term: Term) -> Outcome<bool> {
    let candidate = cluster.two_peers()[0];
    let asked = cluster.asks_with(good_request(cluster, candidate, term))?;
    Ok(asked.reply.is_some_and(|(_, reply)| reply.vote_granted))
}

fn no_vote(cluster: &Cluster, first: Term, last: Term) -> Outcome {
    let sentence = match cluster.watch().activity.votes_answered {
        0 => format!("{S0} was asked for its vote in terms {first} to {last} and never answered"),
        _ => format!(
            "{S0} was asked for its vote in terms {first} to {last}, in each by a candidate with a better \
             log than its own, and never granted it"
        ),
    };
    cluster.fail("a server votes", Task::AnswerRequestVote, sentence)
}

/// Three requests, each of which must be refused: at least one of them is.
fn refuses_something(cluster: &mut Cluster, term: Term) -> Outcome {
    let [first, second] = cluster.two_peers();
    let next = term + 1;
    let mut granted = 0;
    let mut behind = cluster.vote_request(first, next);
    (behind.last_log_index, behind.last_log_term) = (0, 0);
    let requests = [
        good_request(cluster, first, next),
        good_request(cluster, second, next),
        good_request(cluster, second, next - 1),
        behind,
    ];
    for (chance, mut args) in requests.into_iter().enumerate() {
        args.term += u64::from(chance == 3);
        let asked = cluster.asks_with(args)?;
        let granting = asked.reply.is_some_and(|(_, reply)| reply.vote_granted);
        granted += usize::from(granting && chance > 0);
    }
    if granted < 3 {
        return Ok(());
    }
    let sentence = format!(
        "{S0} granted its vote in term {next} to {first} and to {second}, then in term {term} to \
         {second}, then in term {} to {first}, whose log is empty while its own is not",
        next + 1
    );
    cluster.fail("a server refuses votes", Task::AnswerRequestVote, sentence)
}

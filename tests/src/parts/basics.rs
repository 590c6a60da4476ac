//! The first steps: whoever fails these scores nothing, and nothing else is tried.
//!
//! A server that does nothing passes many a test that only looks for what is wrong, and so does one
//! that refuses everything or grants everything. Here each of them fails, and nobody who has made
//! only one mistake does: the rest of the suite charges that, so no rule is looked at here.

use std::time::Duration;

use labrpc::{Delay, Faults};
use raftapi::{Entry, Stable, Term};

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
        current_term: 1,
        voted_for: None,
        log: vec![Entry {
            term: 1,
            command: String::new(),
        }],
    };
    cluster.preload(S0, stable)?;
    cluster.restart(S0)?;

    // Before it has campaigned it may vote already, and may not.
    let wait = cluster.random_time(cluster.timing().election_timeout_min() / 2);
    cluster.pass(wait)?;
    let early = vote_in(cluster, 2)?;
    let campaign = cluster.campaign()?;
    let mut voted = early;
    let mut term = campaign.term;
    for _ in 0..CHANCES {
        if voted.is_some() {
            break;
        }
        term += 1;
        voted = vote_in(cluster, term)?;
    }
    if voted.is_none() {
        return no_vote(cluster, campaign.term + 1, term);
    }
    refuses_something(cluster, term)
}

/// A candidate asks for the vote in this term. The term, if it is granted.
fn vote_in(cluster: &mut Cluster, term: Term) -> Outcome<Option<Term>> {
    let candidate = cluster.two_peers()[0];
    let asked = cluster.asks(candidate, term)?;
    let granted = asked.reply.is_some_and(|(_, reply)| reply.vote_granted);
    Ok(granted.then_some(term))
}

fn no_vote(cluster: &Cluster, first: Term, last: Term) -> Outcome {
    let sentence = match cluster.watch().activity.votes_answered {
        0 => format!(
            "{S0} was asked for its vote in terms 2 and {first} to {last} and never answered"
        ),
        _ => format!(
            "{S0} was asked for its vote in terms 2 and {first} to {last}, each time by one candidate \
             with a log as good as its own, and never granted it"
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
        cluster.vote_request(first, next),
        cluster.vote_request(second, next),
        cluster.vote_request(second, next - 1),
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

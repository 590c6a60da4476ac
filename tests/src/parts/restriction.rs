//! The election restriction (Raft paper, 5.4.1): logs that are behind. Nobody appends in this lab, so
//! the logs are put on the disks before the servers start.

use raftapi::{Entry, RequestVote, Stable, Term};

use labrpc::ServerId;

use super::votes::network;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Part;
use crate::task::Task;
use crate::test::{Cast, Test};

const RESTRICTION: Test = Test {
    points: 1,
    hint: "a log is more up-to-date if its last entry is of a later term; if the terms are the same, if it \
           is longer (Raft paper, 5.4.1; Figure 2, 'RequestVote RPC')",
    cast: Cast::AloneLater,
    ..Test::of(Part::Restriction)
};

/// How many of the longest election timeouts a leader may take whom not everybody can be.
const TIMEOUTS: u32 = 40;

/// The tests of the election restriction.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "logs_that_are_behind_are_refused",
            description: "older, or as old and shorter: no vote",
            faults: network(),
            script: logs_that_are_behind_are_refused,
            ..RESTRICTION
        },
        Test {
            name: "logs_that_are_as_good_are_voted_for",
            description: "newer, or as new and as long: a vote",
            faults: network(),
            script: logs_that_are_as_good_are_voted_for,
            ..RESTRICTION
        },
        Test {
            name: "a_refused_candidate_s_term_counts",
            description: "its term is taken over, and the vote is free for a better candidate",
            hint: "a newer term is taken over before anything else is looked at; a refusal is no vote (Raft \
                   paper, 5.1 and Figure 2)",
            faults: network(),
            script: a_refused_candidate_s_term_counts,
            ..RESTRICTION
        },
        Test {
            name: "a_candidate_tells_the_end_of_its_log",
            description: "RequestVote says where the candidate's log ends",
            hint: "lastLogIndex counts from 1, lastLogTerm is that entry's; both are 0 for an empty log (Raft \
                   paper, Figure 2, 'RequestVote RPC')",
            faults: network(),
            script: a_candidate_tells_the_end_of_its_log,
            ..RESTRICTION
        },
        Test {
            name: "only_a_good_log_leads",
            description: "five logs: who leads is up to date against a majority",
            servers: 5,
            cast: Cast::None,
            faults: network(),
            alpha: 1e-9,
            script: only_a_good_log_leads,
            ..RESTRICTION
        },
    ]
}

/// A log whose entries are of these terms.
fn log(terms: &[Term]) -> Vec<Entry> {
    let entry = |&term| Entry {
        term,
        command: String::new(),
    };
    terms.iter().map(entry).collect()
}

/// Starts S0 with a log whose entries are of these terms, in the term of the last.
pub(super) fn start_with_log(cluster: &mut Cluster, terms: &[Term]) -> Outcome {
    preload_log(cluster, S0, terms)?;
    cluster.restart(S0)
}

pub(super) fn preload_log(cluster: &mut Cluster, server: ServerId, terms: &[Term]) -> Outcome {
    let stable = Stable {
        current_term: terms.last().copied().unwrap_or(0),
        voted_for: None,
        log: log(terms),
    };
    cluster.preload(server, stable)
}

/// What a candidate asks whose log ends like this.
fn asks_with_log(cluster: &Cluster, from: ServerId, term: Term, (last, index): End) -> RequestVote {
    RequestVote {
        last_log_index: index,
        last_log_term: last,
        ..cluster.vote_request(from, term)
    }
}

/// The end of a log: its last entry's term, and index.
type End = (Term, u64);

/// A term that is known by all of its bits only.
const FAR: Term = (1 << 32) + 5;

/// S0's log, and the ends of some that are behind it.
const BEHIND: [(&[Term], &[End]); 7] = [
    (&[1], &[(0, 0)]),
    (&[1, 3], &[(2, 2), (2, 5), (1, 1), (1, 9), (0, 0)]),
    (&[1, 2, 2], &[(2, 2), (2, 1), (1, 3), (1, 4)]),
    (&[4, 4, 4, 4], &[(4, 3), (3, 4), (3, 99), (0, 0)]),
    (&[2; 300], &[(2, 299), (2, 255), (1, 511)]),
    (&[255, 512], &[(511, 2), (511, 300), (257, 2)]),
    (&[3, FAR], &[(FAR - 1, 2), (FAR - 6, 9), (1 << 16, 3)]),
];

/// S0's log, and the ends of some that are as good as it or better.
const AS_GOOD: [(&[Term], &[End]); 8] = [
    (&[], &[(0, 0), (1, 1), (3, 7)]),
    (&[1, 1, 1], &[(1, 3), (1, 4), (2, 1), (2, 3), (5, 9)]),
    (&[1, 3], &[(3, 2), (3, 5), (4, 1), (5, 2)]),
    (&[2, 2, 2, 5], &[(5, 4), (5, 5), (6, 1), (6, 4)]),
    (&[1, 1, 1, 2, 2, 3, 3, 3], &[(3, 8), (3, 9), (4, 2)]),
    (&[2; 300], &[(2, 300), (2, 512), (3, 1)]),
    (&[300, 511], &[(511, 2), (512, 1), (1 << 16, 1)]),
    (&[7, FAR], &[(FAR, 2), (1 << 33, 1)]),
];

/// Starts S0 with one of these logs; a term that is new to it, what its log is, and the ends, of
/// which any may be the first.
fn start_with_one_of(
    cluster: &mut Cluster,
    logs: &[(&[Term], &[End])],
) -> Outcome<(Term, String, Vec<End>)> {
    let (mine, theirs) = logs[cluster.random(logs.len())];
    let mut ends = theirs.to_vec();
    let first = cluster.random(ends.len());
    ends.rotate_left(first);
    start_with_log(cluster, mine)?;
    let entries = mine.iter().chain(ends.iter().map(|(term, _)| term));
    let newest = entries.copied().max().unwrap_or(0);
    let term = cluster.begin()?.max(newest) + 1; // later than all entries
    Ok((term, log_in_words(mine), ends))
}

/// S0's log in words.
fn log_in_words(terms: &[Term]) -> String {
    match terms.last() {
        Some(last) if terms.len() > 9 => {
            format!(
                "its log has {} entries, the last of term {last}",
                terms.len()
            )
        }
        _ => format!("its log's entries are of terms {terms:?}"),
    }
}

/// The end of a candidate's log in words.
fn in_words((term, index): End) -> String {
    match index {
        0 => "the candidate's is empty".to_string(),
        _ => format!("the candidate's ends with entry {index}, of term {term}"),
    }
}

fn logs_that_are_behind_are_refused(cluster: &mut Cluster) -> Outcome {
    let (term, mine, ends) = start_with_one_of(cluster, &BEHIND)?;
    for (later, end) in (0..).zip(ends) {
        let [candidate, _] = cluster.two_peers();
        let asked = cluster.asks_with(asks_with_log(cluster, candidate, term + later, end))?;
        let because = format!("{mine}, and {}", in_words(end));
        cluster.must_refuse(&asked, &because, Task::AnswerRequestVote)?;
    }
    Ok(())
}

fn logs_that_are_as_good_are_voted_for(cluster: &mut Cluster) -> Outcome {
    let (term, mine, ends) = start_with_one_of(cluster, &AS_GOOD)?;
    for (later, end) in (0..).zip(ends) {
        let [candidate, _] = cluster.two_peers();
        let asked = cluster.asks_with(asks_with_log(cluster, candidate, term + later, end))?;
        cluster.must_grant(&asked, &format!("{mine}, and {}", in_words(end)))?;
    }
    Ok(())
}

fn a_refused_candidate_s_term_counts(cluster: &mut Cluster) -> Outcome {
    let (term, mine, ends) = start_with_one_of(cluster, &BEHIND)?;
    let end = ends[0];
    let [behind, good] = cluster.two_peers();
    let mut term = term + cluster.random(3) as Term;
    // A leader steps down for it, too; but with a lease.
    if !cluster.features().lease && cluster.random(2) == 0 {
        term = term.max(cluster.elect()? + 1);
    }
    let asked = cluster.asks_with(asks_with_log(cluster, behind, term, end))?;
    let because = format!("{mine}, and {}", in_words(end));
    cluster.must_refuse(&asked, &because, Task::AnswerRequestVote)?;
    let told = asked.reply.as_ref().map(|(_, reply)| reply.term);
    cluster.must_tell_term(&asked, told, term)?;
    cluster.must_adopt(term, &format!("{S0} got {asked}"))?;
    let asked = cluster.asks(good, term)?;
    let because = format!("{behind}, whom it had refused before, has no vote of it: {mine}");
    cluster.must_grant(&asked, &because)
}

fn a_candidate_tells_the_end_of_its_log(cluster: &mut Cluster) -> Outcome {
    let (mine, _) = AS_GOOD[cluster.random(AS_GOOD.len())];
    start_with_log(cluster, mine)?;
    let campaign = cluster.campaign()?;
    let request = &campaign.request;
    let told = (request.last_log_term, request.last_log_index);
    let end = (mine.last().copied().unwrap_or(0), mine.len() as u64);
    if told == end {
        return Ok(());
    }
    let sentence = format!(
        "{S0} said in its RequestVote of term {} at {} that its log ends with entry {}, of term {}, and {}",
        campaign.term,
        campaign.asked,
        told.1,
        told.0,
        log_in_words(mine)
    );
    cluster.fail(
        "a candidate tells the end of its log",
        Task::Campaign,
        sentence,
    )
}

fn only_a_good_log_leads(cluster: &mut Cluster) -> Outcome {
    const LOGS: [&[Term]; 7] = [
        &[],
        &[1, 1, 1, 1],
        &[1, 2],
        &[1, 2, 2],
        &[3],
        &[1, 3, 3],
        &[2; 20],
    ];
    for server in cluster.servers() {
        let log = LOGS[cluster.random(LOGS.len())];
        preload_log(cluster, server, log)?;
    }
    cluster.start_all()?;
    let time = cluster.timing().election_timeout_max() * TIMEOUTS;
    if !cluster.advance_until(time, |watch| watch.view.leader().is_some())? {
        let sentence = format!("five servers with different logs, and no leader for {time:?}");
        return cluster.fail("a leader is elected", Task::AnswerRequestVote, sentence);
    }
    let Some((leader, term)) = cluster.watch().view.leader() else {
        return Ok(());
    };
    let end = |server: ServerId| {
        let log = &cluster.stable(server).log;
        (log.last().map_or(0, |entry| entry.term), log.len())
    };
    let servers = cluster.servers();
    let better: Vec<ServerId> = servers.filter(|&s| end(s) > end(leader)).collect();
    if better.len() <= cluster.servers().len() / 2 {
        return Ok(());
    }
    let sentence = format!(
        "{leader} leads term {term}, though the logs of {better:?}, a majority, are more up-to-date \
         than its own"
    );
    cluster.fail(
        "a leader's log is as good as a majority's",
        Task::AnswerRequestVote,
        sentence,
    )
}

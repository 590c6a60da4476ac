//! A server that dies, also in the middle of a step, and comes back: its peers are played by hand,
//! and each message takes a millisecond.

use std::time::Duration;

use labrpc::{ActionKind, Delay, Happening, ServerFaults};
use raftapi::{Entry, Request, Role, Stable, Term, Time};

use super::votes::{ROUND_TRIP, network};
use crate::cluster::Cluster;
use crate::finding::{Finding, Outcome, Stop};
use crate::hand::S0;
use crate::part::Part;
use crate::task::Task;
use crate::test::{Cast, Test};

const CRASH: Test = Test {
    points: 1,
    cast: Cast::Alone,
    hint: "currentTerm, votedFor and the log are on stable storage before anything is sent or answered, and \
           a server that starts reads them (Raft paper, Figure 2, 'Persistent state')",
    ..Test::of(Part::Crashes)
};

/// How long a write to a slow disk takes.
const SLOW: Duration = Duration::from_millis(20);

/// The tests of crashes.
pub(super) fn tests() -> Vec<Test> {
    let crash = |name, description, script| Test {
        name,
        description,
        faults: network(),
        script,
        ..CRASH
    };
    vec![
        crash(
            "a_vote_survives_a_crash",
            "who has voted before a crash votes for nobody else after it",
            a_vote_survives_a_crash,
        ),
        crash(
            "a_candidate_s_own_vote_survives_a_crash",
            "who was a candidate before a crash votes for nobody else after it",
            a_candidate_s_own_vote_survives_a_crash,
        ),
        crash(
            "a_term_survives_a_crash",
            "a term that a server has told is not forgotten, wherever it was learnt",
            a_term_survives_a_crash,
        ),
        crash(
            "nothing_is_promised_before_it_is_on_disk",
            "a crash in the middle of a vote or a campaign, or before the disk is done",
            nothing_is_promised_before_it_is_on_disk,
        ),
        Test {
            cast: Cast::AloneLater,
            ..crash(
                "the_log_survives_votes_and_crashes",
                "whatever is persisted, the log stays",
                the_log_survives_votes_and_crashes,
            )
        },
        Test {
            hint: "a server that starts is a follower, and its role is volatile (Raft paper, 5.2)",
            ..crash(
                "a_leader_comes_back_as_a_follower",
                "a restarted leader sends no heartbeats, and campaigns in a newer term",
                a_leader_comes_back_as_a_follower,
            )
        },
    ]
}

/// What fails before the crash is not about it.
fn before_the_crash(outcome: Outcome) -> Outcome {
    outcome.map_err(|stop| match stop {
        Stop::Unexpected(finding) => Stop::Unexpected(Finding {
            hint: "the first candidate of a term whose log is as good as its own gets a server's vote, and \
                   the term's leader a successful answer (Raft paper, 5.2; Figure 2)",
            ..finding
        }),
        stop => stop,
    })
}

/// Kills S0, now or in a moment, and starts it again. When it crashed.
fn crash_and_restart(cluster: &mut Cluster) -> Outcome<Time> {
    let wait = cluster.random_time(cluster.timing().election_timeout_min() / 4);
    cluster.pass(wait)?;
    cluster.crash(S0)?;
    let crashed = cluster.now();
    restart(cluster)?;
    Ok(crashed)
}

/// Starts S0 after a while.
fn restart(cluster: &mut Cluster) -> Outcome {
    let wait = cluster.random_time(cluster.timing().heartbeat_interval());
    cluster.pass(wait)?;
    cluster.revive()
}

fn a_vote_survives_a_crash(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let term = match cluster.random(2) {
        0 => cluster.begin()? + 1,
        _ => {
            // It knows the term already, and has not voted in it.
            let campaign = cluster.campaign()?;
            cluster.refuses_in(campaign.term + 2, second, &campaign)?;
            cluster.pass(ROUND_TRIP)?;
            campaign.term + 2
        }
    };
    let asked = cluster.asks(first, term)?;
    before_the_crash(cluster.must_grant(&asked, "nobody had asked it in that term before"))?;
    let crashed = crash_and_restart(cluster)?;
    let again = cluster.asks(second, term)?;
    let because = format!("it had granted {asked}, before its crash at {crashed}");
    cluster.must_not_grant(&again, &because, Task::PersistAndRestart)
}

fn a_candidate_s_own_vote_survives_a_crash(cluster: &mut Cluster) -> Outcome {
    let [other, _] = cluster.two_peers();
    let campaign = cluster.campaign()?;
    cluster.pass(ROUND_TRIP)?; // it may have to ask itself first
    let crashed = crash_and_restart(cluster)?;
    let asked = cluster.asks(other, campaign.term)?;
    let because = format!(
        "it had campaigned itself in that term at {}, before its crash at {crashed}",
        campaign.began
    );
    cluster.must_not_grant(&asked, &because, Task::PersistAndRestart)
}

fn a_term_survives_a_crash(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let newer = 1 + cluster.random(3) as Term;
    // It learns of a newer term in some way,
    let term = match cluster.random(4) {
        0 => cluster.begin()? + newer,
        1 => {
            let term = cluster.begin()? + newer;
            cluster.asks(second, term)?;
            term
        }
        2 => {
            let campaign = cluster.campaign()?;
            let term = campaign.term + newer;
            cluster.refuses_in(term, second, &campaign)?;
            term
        }
        _ => {
            let old = cluster.elect()?;
            let term = old + newer;
            cluster.refuses_heartbeat_in(term, second, old)?;
            term
        }
    };
    cluster.pass(Duration::from_millis(5))?;
    // and tells it: whatever is only thought may be forgotten.
    let told = cluster.beats(first, term)?;
    before_the_crash(cluster.must_accept(&told, "it was not in a newer term"))?;
    let crashed = crash_and_restart(cluster)?;
    let stale = cluster.beats(second, term - 1)?;
    let because = format!("it had got {told}, before its crash at {crashed}");
    if stale
        .reply
        .as_ref()
        .is_some_and(|(_, reply)| reply.term < term)
    {
        return forgot(
            cluster,
            format!("it answered {stale} in that term, though {because}"),
        );
    }
    let campaign = cluster.campaign()?;
    if campaign.term > term {
        return Ok(());
    }
    let (term, began) = (campaign.term, campaign.began);
    forgot(
        cluster,
        format!("it campaigned in term {term} at {began}, though {because}"),
    )
}

fn forgot(cluster: &Cluster, what: String) -> Outcome {
    let sentence = format!("{S0} has forgotten its term: {what}");
    cluster.fail("a term survives a crash", Task::PersistAndRestart, sentence)
}

fn nothing_is_promised_before_it_is_on_disk(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let campaign = cluster.campaign()?;
    cluster.pass(ROUND_TRIP)?;
    let asked_in = campaign.term + 1 + cluster.random(3) as Term;
    let slow = cluster.random(2) == 0;
    if slow {
        let disk = ServerFaults {
            disk_write: Delay::Constant(SLOW),
            ..network().server
        };
        cluster.set_server(S0, disk)?;
    } else {
        let kinds = [
            ActionKind::Persist,
            ActionKind::Reply,
            ActionKind::Publish,
            ActionKind::Any,
            ActionKind::Call,
        ];
        // Whoever asks itself has not voted before it has asked all.
        let kinds = &kinds[..if asks_itself(cluster) { 3 } else { 5 }];
        let kind = kinds[cluster.random(kinds.len())];
        let count = 1 + cluster.random(3) as u32;
        cluster.crash_after(S0, kind, count)?;
    }
    if cluster.random(3) > 0 {
        let request = cluster.vote_request(first, asked_in);
        cluster.send(first, request)?;
    } else if slow {
        let latest = cluster.now() + 2 * cluster.timing().election_timeout_max();
        let asks = |cluster: &Cluster| cluster.has_campaigned() || has_voted_for_itself(cluster);
        cluster.wait_for(latest, asks)?;
    }
    let wait = match slow {
        true => cluster.random_time(2 * SLOW),
        false => 2 * cluster.timing().election_timeout_max(),
    };
    cluster.wait_for(cluster.now() + wait, has_crashed)?;
    if !has_crashed(cluster) {
        cluster.crash(S0)?;
    }
    let crashed = cluster.now();
    cluster.set_server(S0, network().server)?;
    restart(cluster)?;
    for (term, whom, at) in promises(cluster) {
        let rival = if whom == first { second } else { first };
        let asked = cluster.asks(rival, term)?;
        let because = format!(
            "it had given its vote in that term to {whom} at {at}, before its crash at {crashed}"
        );
        cluster.must_not_grant(&asked, &because, Task::PersistAndRestart)?;
    }
    cluster.campaign()?;
    Ok(())
}

fn has_voted_for_itself(cluster: &Cluster) -> bool {
    cluster
        .said()
        .is_some_and(|(_, role)| role == Role::Candidate)
}

fn has_crashed(cluster: &Cluster) -> bool {
    let mut story = cluster.watch().story().iter();
    story.any(|record| matches!(record.what, Happening::Crashed { .. }))
}

/// The votes that S0 has given, as its peers can know, the newest first: term, to whom, when.
fn promises(cluster: &Cluster) -> Vec<(Term, labrpc::ServerId, Time)> {
    let mut promises: Vec<_> = cluster.grants_left();
    let own = cluster
        .watch()
        .story()
        .iter()
        .filter_map(|record| match &record.what {
            Happening::Sent {
                from: S0,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => Some((args.term, S0, record.at)),
            _ => None,
        });
    // Whoever asks itself votes when it answers.
    if !asks_itself(cluster) {
        promises.extend(own);
    }
    promises.sort_by(|a, b| b.cmp(a));
    promises.dedup_by_key(|&mut (term, whom, _)| (term, whom));
    promises.truncate(1);
    promises
}

fn asks_itself(cluster: &Cluster) -> bool {
    let mut story = cluster.watch().story().iter();
    story.any(|record| {
        matches!(
            record.what,
            Happening::Sent {
                from: S0,
                to: S0,
                ..
            }
        )
    })
}

fn the_log_survives_votes_and_crashes(cluster: &mut Cluster) -> Outcome {
    let [first, _] = cluster.two_peers();
    let terms: Vec<Term> = (0..1 + cluster.random(4))
        .map(|n| 1 + n as Term / 2)
        .collect();
    let entry = |(n, &term): (usize, &Term)| Entry {
        term,
        command: format!("command {n}"),
    };
    let log: Vec<Entry> = terms.iter().enumerate().map(entry).collect();
    let stable = Stable {
        current_term: 3,
        voted_for: None,
        log: log.clone(),
    };
    cluster.preload(S0, stable)?;
    cluster.restart(S0)?;
    for _ in 0..2 {
        let before = cluster.begin()?.max(3);
        let term = before.max(cluster.said().map_or(0, |(term, _)| term)) + 1;
        if cluster.random(2) == 0 {
            cluster.asks(first, term)?;
        } else {
            cluster.campaign()?;
        }
        let crashed = crash_and_restart(cluster)?;
        if cluster.stable(S0).log != log {
            let sentence = format!(
                "{S0} had {} log entries on its disk when it started, and {} after its crash at {crashed}",
                log.len(),
                cluster.stable(S0).log.len()
            );
            return cluster.fail("a log survives", Task::PersistAndRestart, sentence);
        }
    }
    let campaign = cluster.campaign()?;
    let told = (
        campaign.request.last_log_term,
        campaign.request.last_log_index,
    );
    let end = (terms[terms.len() - 1], terms.len() as u64);
    if told == end {
        return Ok(());
    }
    let sentence = format!(
        "{S0} came back from crashes with a log that ends with entry {}, of term {}; its RequestVote of term \
         {} says entry {}, of term {}",
        end.1, end.0, campaign.term, told.1, told.0
    );
    cluster.fail("a log survives", Task::PersistAndRestart, sentence)
}

fn a_leader_comes_back_as_a_follower(cluster: &mut Cluster) -> Outcome {
    let old = cluster.elect()?;
    let crashed = crash_and_restart(cluster)?;
    let restarted = cluster.now();
    let rule = "a server starts as a follower";
    if cluster
        .said()
        .is_some_and(|(_, role)| role != Role::Follower)
    {
        let said = cluster.said_in_words();
        let sentence = format!("at {restarted}, just after its restart, {said}");
        return cluster.fail(rule, Task::PersistAndRestart, sentence);
    }
    let beats = |cluster: &Cluster| cluster.last_heartbeat(old) > Some(crashed);
    let quiet = restarted + cluster.surely_quiet();
    if cluster.wait_for(quiet, beats)? {
        let sentence = format!(
            "{S0}, leader of term {old}, crashed at {crashed}, came back at {restarted}, and sent a heartbeat of \
             term {old} at {}",
            cluster.now()
        );
        return cluster.fail(rule, Task::PersistAndRestart, sentence);
    }
    let campaign = cluster.campaign()?;
    if campaign.term > old {
        return Ok(());
    }
    let (term, began) = (campaign.term, campaign.began);
    forgot(
        cluster,
        format!(
            "it led term {old} before its crash at {crashed}, and campaigned in term {term} at {began}"
        ),
    )
}

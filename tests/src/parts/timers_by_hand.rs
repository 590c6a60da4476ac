//! When the election timer is reset, and when it is not: one server runs, its peers are played by
//! hand; each message takes a millisecond.
//!
//! Three things reset it: a heartbeat of the current term's leader, a vote that is granted, an own
//! campaign. Everything else is tried again and again, just before the timer is due, and must not put
//! the campaign off.

use std::time::Duration;

use labrpc::ServerId;
use raftapi::{Redraw, Role, Stable, Term, Time};

use super::restriction::start_with_log;
use super::votes::network;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::{Campaign, S0};
use crate::part::Part;
use crate::task::Task;
use crate::test::{Cast, Test};

/// How many heartbeats keep a server quiet.
const HEARTBEATS: usize = 10;
/// How often a server is started: with five possible timeouts, all are the same one time in 3e10.
const STARTS: usize = 16;
const FEWEST_CHOICES: u64 = 5;
const ALIKE: Duration = Duration::from_millis(1);
/// For how many intervals a leader is kept busy.
const BUSY: usize = 10;
/// How late a server may look at its clock.
const LATE: Duration = Duration::from_millis(50);
/// How long a message takes.
const ARRIVAL: Duration = Duration::from_millis(1);

fn timer(
    name: &'static str,
    description: &'static str,
    hint: &'static str,
    script: fn(&mut Cluster) -> Outcome,
) -> Test {
    Test {
        name,
        points: 1,
        description,
        hint,
        cast: Cast::Alone,
        faults: network(),
        script,
        ..Test::of(Part::Timers)
    }
}

/// The tests of the election timer.
pub(super) fn tests() -> Vec<Test> {
    vec![
        timer(
            "the_first_timeout",
            "the first campaign comes an election timeout after the start",
            "the timer begins with the server, and its timeout is what the server declares (Raft paper, \
             5.2)",
            the_first_timeout,
        ),
        Test {
            cast: Cast::AloneLater,
            ..timer(
                "a_heartbeat_resets_the_timer",
                "a server that hears its leader just in time stays quiet, and no longer",
                "an AppendEntries of the current term's leader resets the election timer, whatever becomes \
                 of its entries (Raft paper, 5.2; Figure 2, 'Followers')",
                a_heartbeat_resets_the_timer,
            )
        },
        timer(
            "a_grant_resets_the_timer",
            "a server that has just granted its vote gives the candidate time",
            "granting a vote resets the election timer (Raft paper, Figure 2, 'Followers')",
            a_grant_resets_the_timer,
        ),
        timer(
            "a_refused_vote_does_not",
            "candidates that are refused do not keep a server from campaigning",
            "only a vote that is granted resets the election timer (Raft paper, Figure 2, 'Followers'; \
             Students' Guide to Raft)",
            a_refused_vote_does_not,
        ),
        timer(
            "a_heartbeat_of_an_older_term_does_not",
            "a leader that has been replaced does not keep a server from campaigning",
            "only the current leader's AppendEntries resets the election timer (Raft paper, Figure 2, \
             'Followers'; Students' Guide to Raft)",
            a_heartbeat_of_an_older_term_does_not,
        ),
        Test {
            servers: 5,
            ..timer(
                "a_reply_does_not",
                "replies keep neither a candidate nor a follower from campaigning",
                "no reply resets the election timer (Raft paper, Figure 2, 'Followers')",
                a_reply_does_not,
            )
        },
        Test {
            cast: Cast::AloneLater,
            ..timer(
                "a_newer_term_does_not",
                "candidates whose logs are behind do not keep a server from campaigning",
                "a newer term is taken over, and if the vote is refused all the same, the election timer \
                 runs on (Raft paper, Figure 2, 'Followers'; Students' Guide to Raft)",
                a_newer_term_does_not,
            )
        },
        timer(
            "a_candidate_campaigns_again",
            "a candidate that nobody answers campaigns again after a fresh timeout, in a newer term",
            "starting an election resets the election timer; when it runs out again, a new election begins: \
             increment the term (Raft paper, 5.2; Figure 2, 'Candidates')",
            a_candidate_campaigns_again,
        ),
        Test {
            cast: Cast::AloneLater,
            ..timer(
                "a_former_leader_has_a_timer",
                "a leader that has stepped down campaigns if nobody leads, and sends no heartbeats",
                "a leader needs no election timer and a follower does: start one when stepping down (Raft \
                 paper, 5.2; Figure 4)",
                a_former_leader_has_a_timer,
            )
        },
        timer(
            "a_busy_leader_sends_heartbeats",
            "neither late answers nor old requests put a leader's heartbeats off",
            "the next heartbeats are due an interval after the last, whatever comes in meanwhile, to every \
             other server, whether it answers or not (Raft paper, 5.2; Figure 2, 'Leaders')",
            a_busy_leader_sends_heartbeats,
        ),
        timer(
            "a_candidate_that_yields_waits_for_its_leader",
            "the leader's heartbeat resets the timer of the candidate, too",
            "a candidate that hears a leader of its term is a follower, and the AppendEntries resets its \
             election timer (Raft paper, 5.2)",
            a_candidate_that_yields_waits_for_its_leader,
        ),
    ]
}

fn the_first_timeout(cluster: &mut Cluster) -> Outcome {
    let task = Task::ElectionTimer;
    let campaign = cluster.must_campaign_after(Time::ZERO, "its start", task)?;
    if cluster.timing().election_timeout_choices() < FEWEST_CHOICES {
        return Ok(()); // chance may draw the same each time
    }
    let first = campaign.began - Time::ZERO;
    let mut term = campaign.term;
    let mut alike = true;
    // What it makes of its disk is not looked at here.
    cluster.judge_by_no_rule();
    for _ in 1..STARTS {
        let (began, newest) = start_again(cluster, term + 1)?;
        alike &= began.abs_diff(first) <= ALIKE;
        term = newest;
    }
    if !alike {
        return Ok(());
    }
    let sentence =
        format!("{S0} was started {STARTS} times, and campaigned after {first:?} each time");
    let hint = "a server that starts draws like at every other reset, from ctx.rng(): numbers that begin \
                anew with it, or come of its id, are the same each time (Raft paper, 5.2)";
    cluster.fail_anywhere(
        "election timeouts are random",
        hint,
        Task::FreshTimeouts,
        sentence,
    )
}

/// Starts S0 again, in this term. How long it took to campaign, and in which term.
fn start_again(cluster: &mut Cluster, term: Term) -> Outcome<(Duration, Term)> {
    cluster.crash(S0)?;
    let stable = Stable {
        current_term: term,
        ..Stable::default()
    };
    cluster.preload(S0, stable)?;
    let started = cluster.now();
    cluster.revive()?;
    let campaign = cluster.campaign()?;
    Ok((campaign.began - started, campaign.term.max(term)))
}

fn a_heartbeat_resets_the_timer(cluster: &mut Cluster) -> Outcome {
    let [leader, _] = cluster.two_peers();
    let has_log = cluster.random(2) == 0;
    start_with_log(cluster, if has_log { &[1, 1] } else { &[] })?;
    let term = cluster.begin()? + 1;
    let mut heartbeat = cluster.heartbeat(leader, term);
    // Whatever is before its entries, it is the leader.
    match cluster.random(3) {
        0 => (heartbeat.prev_log_index, heartbeat.prev_log_term) = (3, 1),
        1 => (heartbeat.prev_log_index, heartbeat.prev_log_term) = (0, 0),
        _ => {}
    }
    let mut beat = cluster.beats_with(heartbeat.clone())?;
    for _ in 0..HEARTBEATS {
        // Up to the last moment.
        let quiet = cluster.surely_quiet();
        let wait = match cluster.random(2) {
            0 => quiet,
            _ => quiet - cluster.random_time(quiet / 2),
        };
        let because = format!("it had got {beat}, which resets its election timer");
        cluster.must_wait_until(beat.at + wait, &because, Task::Heartbeats)?;
        beat = cluster.beats_with(heartbeat.clone())?;
    }
    cluster.must_campaign_after(beat.at, &beat.to_string(), Task::Heartbeats)?;
    Ok(())
}

/// A candidate asks for S0's vote in a new term, late in S0's timeout, and gets it. The term, and
/// when.
fn grant(cluster: &mut Cluster, candidate: ServerId) -> Outcome<(Term, Time, String)> {
    let term = cluster.begin()? + 1 + cluster.random(3) as Term;
    let wait = cluster.random_time(cluster.timing().election_timeout_min() / 2);
    cluster.pass(wait)?;
    let asked = cluster.asks(candidate, term)?;
    cluster.must_grant(&asked, "nobody had asked it in that term before")?;
    Ok((term, asked.at, format!("{asked}, which it granted")))
}

fn a_grant_resets_the_timer(cluster: &mut Cluster) -> Outcome {
    let [candidate, _] = cluster.two_peers();
    let (_, reset, what) = grant(cluster, candidate)?;
    cluster.must_campaign_after(reset, &what, Task::AnswerRequestVote)?;
    Ok(())
}

fn a_refused_vote_does_not(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let (term, reset, what) = grant(cluster, first)?;
    let what = format!("{what} (it was asked by {second}, too, in vain)");
    let task = Task::AnswerRequestVote;
    cluster.must_campaign_despite(reset, &what, task, |cluster| {
        cluster.asks(second, term).map(|_| ())
    })?;
    Ok(())
}

fn a_heartbeat_of_an_older_term_does_not(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let older = cluster.begin()? + 1;
    let term = older + 1 + cluster.random(3) as Term;
    let beat = cluster.beats(first, term)?;
    // Who leads now may have led before: old messages of its own are late.
    let former = [first, second][cluster.random(2)];
    let what = format!("{beat} (it got some of {former} in term {older}, too)");
    cluster.must_campaign_despite(beat.at, &what, Task::Heartbeats, |cluster| {
        cluster.beats(former, older).map(|_| ())
    })?;
    Ok(())
}

fn a_reply_does_not(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    let peers = cluster.peers_in_any_order();
    let quiet = campaign.asked + cluster.surely_quiet();
    let etcd = cluster.features().redraw == Redraw::OnStateChange;
    let mut last = campaign.asked;
    let replies = match cluster.random(5) {
        0 | 1 => {
            // One vote of five: the election is not decided.
            cluster.pass_until(quiet)?;
            cluster.grants(peers[0], &campaign)?;
            cluster.refuses(peers[1], &campaign)?;
            format!("{} and {} answered late", peers[0], peers[1])
        }
        2 => {
            let wait = cluster.random_time(quiet - cluster.now());
            cluster.pass(wait)?;
            for &peer in &peers {
                cluster.refuses(peer, &campaign)?;
            }
            if etcd {
                last = cluster.now() + ARRIVAL; // it is a follower from then on
            }
            "all others refused it".to_string()
        }
        3 if !etcd => {
            let term = campaign.term + 1 + cluster.random(3) as Term;
            cluster.pass_until(quiet)?;
            cluster.refuses_in(term, peers[0], &campaign)?;
            format!("{} refused it late, in term {term}", peers[0])
        }
        _ => return replies_to_a_follower(cluster, &campaign, peers),
    };
    let what = format!("its campaign in term {} ({replies})", campaign.term);
    cluster.must_campaign_between(campaign.began, last, &what, Task::CountVotes)?;
    Ok(())
}

/// The candidate has yielded to a leader of its term when the replies come.
fn replies_to_a_follower(
    cluster: &mut Cluster,
    campaign: &Campaign,
    mut peers: Vec<ServerId>,
) -> Outcome {
    let beat = cluster.beats(peers[0], campaign.term)?;
    let what = format!("{beat} (and it got late replies to its RequestVotes of that term)");
    let pause = cluster.timing().election_timeout_min() / 4;
    // One vote is no majority, even if it counts that should not.
    let voter = peers[cluster.random(peers.len())];
    cluster.must_campaign_despite(beat.at, &what, Task::CountVotes, |cluster| {
        cluster.pass(pause / 2)?;
        match peers.pop() {
            None => Ok(()),
            Some(peer) if peer == voter => cluster.grants(peer, campaign),
            Some(peer) => cluster.refuses(peer, campaign),
        }
    })?;
    Ok(())
}

fn a_newer_term_does_not(cluster: &mut Cluster) -> Outcome {
    if cluster.features().redraw == Redraw::OnStateChange {
        return Ok(()); // by etcd's custom it does
    }
    let [candidate, _] = cluster.two_peers();
    start_with_log(cluster, &[1, 1])?;
    let mut term = 1;
    let what =
        format!("its start ({candidate} asked it in ever newer terms, and has an empty log)");
    let task = Task::AnswerRequestVote;
    cluster.must_campaign_despite(Time::ZERO, &what, task, |cluster| {
        term += 1;
        let mut args = cluster.vote_request(candidate, term);
        (args.last_log_index, args.last_log_term) = (0, 0);
        cluster.asks_with(args).map(|_| ())
    })?;
    Ok(())
}

fn a_candidate_campaigns_again(cluster: &mut Cluster) -> Outcome {
    let mut campaign = cluster.campaign()?;
    for _ in 0..3 {
        let what = format!("its campaign in term {}", campaign.term);
        let (first, last) = (campaign.began, campaign.asked);
        campaign = cluster.must_campaign_between(first, last, &what, Task::Campaign)?;
    }
    Ok(())
}

fn a_former_leader_has_a_timer(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    start_with_log(cluster, &[1, 1])?;
    let campaign = cluster.campaign()?;
    cluster.grants(first, &campaign)?;
    cluster.must_win(&campaign)?;
    let term = campaign.term + 1 + cluster.random(3) as Term;
    // A leader with a lease ignores who asks.
    let ways = if cluster.features().lease { 2 } else { 3 };
    let message = match cluster.random(ways) {
        0 => {
            cluster.refuses_heartbeat_in(term, second, campaign.term)?;
            "reply"
        }
        1 => {
            cluster.refuses_in(term, second, &campaign)?;
            "reply"
        }
        _ => {
            let mut args = cluster.vote_request(second, term);
            (args.last_log_index, args.last_log_term) = (0, 0);
            cluster.send(second, args)?;
            "RequestVote (with an empty log)"
        }
    };
    let stepped_down = cluster.now() + ARRIVAL;
    let what = format!("{second}'s {message} of term {term}, which ended its leadership");
    cluster.must_adopt(
        term,
        &format!("{S0}, leader of term {}, got {what}", campaign.term),
    )?;
    cluster.must_send_no_heartbeat(campaign.term, stepped_down)?;
    // Its own campaign had reset its timer before.
    let (first, task) = (campaign.began, Task::NewerTerms);
    cluster.must_campaign_between(first, stepped_down, &what, task)?;
    Ok(())
}

fn a_busy_leader_sends_heartbeats(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let older = cluster.campaign()?.term;
    let term = cluster.elect()?;
    let timing = cluster.timing();
    let interval = timing.heartbeat_interval();
    let longest = interval + timing.election_timeout_step() + LATE;
    cluster.acknowledge_heartbeats(false);
    for _ in 0..BUSY {
        let beats = cluster.latest_heartbeats_to(&[first], term)?;
        let (Some(&message), Some(sent)) = (beats.first(), cluster.last_heartbeat(term)) else {
            return Ok(()); // others look at leaders that send none
        };
        cluster.pass_until(sent + interval * 4 / 5)?;
        cluster.answers_heartbeat(message, term, true)?;
        let request = cluster.vote_request(second, older);
        match cluster.random(3) {
            0 => drop(cluster.send(second, request)?),
            1 => drop(cluster.send(second, cluster.heartbeat(second, older))?),
            _ => {}
        }
        let beats = |cluster: &Cluster| cluster.last_heartbeat(term) > Some(sent);
        if !cluster.wait_for(sent + longest, beats)? {
            if cluster.said() != Some((term, Role::Leader)) {
                return Ok(()); // others look at why it does not lead any more
            }
            let sentence = format!(
                "{S0} leads term {term}, sent heartbeats at {sent}, and {longest:?} later no others, \
                 though they are due each {interval:?}; meanwhile it got a late answer and old requests"
            );
            return cluster.fail("heartbeats come in time", Task::Heartbeats, sentence);
        }
    }
    Ok(())
}

fn a_candidate_that_yields_waits_for_its_leader(cluster: &mut Cluster) -> Outcome {
    let [leader, _] = cluster.two_peers();
    let campaign = cluster.campaign()?;
    let wait = cluster
        .surely_quiet()
        .saturating_sub(Duration::from_millis(20));
    let wait = cluster.random_time(wait);
    cluster.pass(wait)?;
    let beat = cluster.beats(leader, campaign.term)?;
    cluster.must_campaign_after(beat.at, &beat.to_string(), Task::Heartbeats)?;
    Ok(())
}

//! PreVote (thesis 9.6).

use std::time::Duration;

use raftapi::{Entry, Role, Stable, Term};

use super::{
    a_while, by_hand, conditions, half_heard_leaders, leaders_are_kept, settled, surely_heeded,
    together,
};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;
use crate::part::Feature;
use crate::rules::staged::Staged;
use crate::task::Task;
use crate::test::{Cast, Test};

const NEEDS: &[Feature] = &[Feature::PreVote];

pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "cut_off_for_a_minute",
            fewest_servers: 5,
            description: "servers that are cut off keep their term, and unseat nobody when they return",
            hint: "a server increments its term only when a majority has said that it would vote for \
                   it, and whoever hears a leader does not say so (thesis 9.6)",
            script: cut_off_for_a_minute,
            ..together(NEEDS)
        },
        Test {
            name: "pre_votes_bind_nobody",
            description: "answering a pre-vote changes neither term nor vote nor timer",
            hint: "a pre-vote only asks: whoever answers it keeps its term, its vote and its election \
                   timer (thesis 9.6)",
            script: pre_votes_bind_nobody,
            ..by_hand(NEEDS)
        },
        Test {
            name: "pre_votes_are_refused",
            description: "to a log or a term that is behind, and by whoever hears a leader",
            hint: "a pre-vote is granted only to a log that is up-to-date enough, and by those who have \
                   not heard from a leader for the minimum election timeout; who asks in an older term \
                   is told the current one (thesis 9.6)",
            cast: Cast::AloneLater,
            script: pre_votes_are_refused,
            ..by_hand(NEEDS)
        },
        Test {
            name: "pre_votes_are_no_votes",
            description: "with a majority of them a server campaigns, and leads only with votes",
            hint: "a majority of pre-votes allows a campaign, with a new term and an own vote; the votes \
                   are asked for and counted afresh (thesis 9.6)",
            script: pre_votes_are_no_votes,
            ..by_hand(NEEDS)
        },
        Test {
            name: "pre_votes_of_another_term",
            description: "neither late nor repeated pre-votes make a majority",
            hint: "pre-votes are counted as votes are: each server once, and only for the term that is \
                   asked about now (thesis 9.6)",
            servers: 5,
            script: pre_votes_of_another_term,
            ..by_hand(NEEDS)
        },
        Test {
            name: "half_heard_leaders_with_pre_vote",
            description: "a chain, a deaf follower: the leader stays for a minute",
            hint: "whoever has heard from a leader within the minimum election timeout refuses pre-votes, \
                   and so does the leader (thesis 9.6)",
            servers: 3,
            script: half_heard_leaders,
            ..together(NEEDS)
        },
    ]
}

/// A follower is cut off, and perhaps the leader, too.
fn cut_off_for_a_minute(cluster: &mut Cluster) -> Outcome {
    let (mut leader, others) = settled(cluster)?;
    let mut out = vec![others[0]];
    if cluster.random(2) == 0 {
        out.push(leader.server);
    }
    for &server in &out {
        cluster.isolate(server)?;
    }
    // What is under way arrives.
    cluster.advance(Duration::from_millis(100))?;
    cluster.hold_to(Staged::TermsStay);
    let rest = conditions(cluster).alive(cluster.servers().len() - out.len());
    if out.len() > 1 {
        leader = cluster.check_settled(&rest)?;
    }
    let why = "only others were cut off";
    cluster.check_undisturbed(leader, Duration::from_secs(60), why)?;
    for &server in &out {
        cluster.rejoin(server)?;
    }
    if leaders_are_kept(cluster) {
        let time = a_while(cluster);
        cluster.check_undisturbed(leader, time, "others came back that had been cut off")?;
    }
    let all = conditions(cluster);
    cluster.check_settled(&all).map(|_| ())
}

fn pre_votes_bind_nobody(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    let mut term = cluster.begin()?.max(cluster.stable(S0).current_term);
    for _ in 0..2 {
        let before = cluster.stable(S0).clone();
        term += 1 + cluster.random(3) as Term;
        let asked = cluster.asks_first(first, term)?;
        if *cluster.stable(S0) != before {
            let after = cluster.stable(S0);
            let sentence = format!(
                "{S0} got {asked}, and its term and vote went from {} and {:?} to {} and {:?}",
                before.current_term, before.voted_for, after.current_term, after.voted_for
            );
            return cluster.fail("a pre-vote binds nobody", None, sentence);
        }
        let asked = cluster.asks(second, term)?;
        let because = format!("{first} had asked for no more than a pre-vote in that term");
        cluster.must_grant(&asked, &because)?;
    }
    // Now its timer.
    let beat = cluster.beats(first, term + 1)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    let pause = cluster.timing().election_timeout_min() / 4;
    while cluster.now() < beat.at + cluster.timing().election_timeout_max() {
        let ahead = 2 + cluster.random(2) as Term;
        cluster.asks_first(second, term + ahead)?;
        let wait = cluster.random_time(pause);
        cluster.pass(wait)?;
    }
    let what = format!("{beat}, and pre-votes came after it");
    cluster
        .must_campaign_within(beat.at, &what, Task::ElectionTimer)
        .map(|_| ())
}

fn pre_votes_are_refused(cluster: &mut Cluster) -> Outcome {
    let [leader, other] = cluster.two_peers();
    let entry = |term| Entry {
        term,
        command: String::new(),
    };
    let stable = Stable {
        current_term: 3,
        log: vec![entry(1), entry(3)],
        ..Stable::default()
    };
    cluster.preload(S0, stable)?;
    cluster.restart(S0)?;
    let campaign = cluster.campaign()?;
    let mut request = cluster.vote_request(other, campaign.term + 1);
    request.pre_vote = true;
    match cluster.random(2) {
        0 => request.last_log_index -= 1,
        _ => (request.last_log_term, request.last_log_index) = (2, 5),
    }
    let asked = cluster.asks_with(request)?;
    cluster.must_refuse(&asked, "its own log ends later", Task::AnswerRequestVote)?;
    let asked = cluster.asks_first(other, campaign.term - 1)?;
    let because = format!("it was in term {}", campaign.term);
    cluster.must_refuse(&asked, &because, Task::AnswerRequestVote)?;
    let beat = cluster.beats(leader, campaign.term + 2)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    // Who is in an older term must learn of it, or it asks for ever.
    let asked = cluster.asks_first(other, campaign.term)?;
    let because = format!("it had just got {beat}");
    cluster.must_not_grant(&asked, &because, Task::AnswerRequestVote)?;
    if asked.reply.is_none() {
        let sentence = format!("{S0} got {asked} and did not answer it, though {because}");
        return cluster.fail("a pre-vote of an older term is refused", None, sentence);
    }
    if !leaders_are_kept(cluster) {
        return Ok(());
    }
    let wait = cluster.random_time(surely_heeded(cluster));
    cluster.pass(wait)?;
    let asked = cluster.asks_first(other, beat.term + 1)?;
    cluster.must_not_grant(&asked, &because, Task::AnswerRequestVote)
}

fn pre_votes_are_no_votes(cluster: &mut Cluster) -> Outcome {
    let [first, second] = cluster.two_peers();
    cluster.grant_pre_votes(false);
    let mut ballot = cluster.ballot()?;
    match cluster.random(3) {
        0 => {}
        1 => {
            let until = cluster.now() + 2 * cluster.timing().election_timeout_max();
            cluster.must_not_campaign_until(until, "nobody had granted it a pre-vote")?;
            ballot = cluster.ballot()?;
        }
        _ => {
            for peer in [first, second] {
                cluster.refuses(peer, &ballot)?;
            }
            cluster.must_not_campaign("its pre-votes were refused")?;
            let newer = ballot.term + 2 + cluster.random(3) as Term;
            ballot = cluster.ballot()?;
            cluster.refuses_in(newer, first, &ballot)?;
            let because = format!("{first} refused {S0} a pre-vote, being in term {newer}");
            cluster.must_adopt(newer, &because)?;
            ballot = cluster.ballot()?;
        }
    }
    cluster.grants(first, &ballot)?;
    let because = format!("{first} granted {S0} a pre-vote, as {S0} would itself");
    let campaign = cluster.must_campaign_at_once(&because)?;
    if campaign.term != ballot.term {
        let (asked, now) = (ballot.term, campaign.term);
        let sentence = format!("{S0} asked for pre-votes in term {asked} and for votes in {now}");
        return cluster.fail("PreVote asks about the next campaign", None, sentence);
    }
    cluster.grants(second, &ballot)?;
    let because = format!("{first} and {second} granted it pre-votes, and no votes");
    cluster.must_not_lead(campaign.term, &because)?;
    cluster.grants(first, &campaign)?;
    cluster.must_win(&campaign)?;
    if cluster.said() != Some((campaign.term, Role::Leader)) {
        let sentence = format!("with {first}'s vote, {}", cluster.said_in_words());
        return cluster.fail("a candidate with a majority leads at once", None, sentence);
    }
    Ok(())
}

fn pre_votes_of_another_term(cluster: &mut Cluster) -> Outcome {
    let peers = cluster.peers_in_any_order();
    let twice = labrpc::LinkFaults {
        duplication: 1.0,
        ..super::super::votes::network().link
    };
    for (from, to) in [(S0, peers[0]), (peers[0], S0)] {
        cluster.set_link(from, to, twice.clone())?;
    }
    cluster.grant_pre_votes(false);
    let late = cluster.ballot()?;
    let newer = late.term + 1 + cluster.random(3) as Term;
    let beat = cluster.beats(peers[1], newer)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    cluster.ballot()?;
    for &peer in &peers[1..] {
        cluster.grants(peer, &late)?;
    }
    let because = format!("those pre-votes were for term {}", late.term);
    cluster.must_not_campaign(&because)?;

    let ballot = cluster.ballot()?;
    for _ in 0..2 {
        cluster.grants(peers[0], &ballot)?;
    }
    let because = format!("of 5 servers only {} had granted it a pre-vote", peers[0]);
    cluster.must_not_campaign(&because)?;
    cluster.grants(peers[1], &ballot)?;
    let because = format!("{} and {} granted {S0} pre-votes", peers[0], peers[1]);
    cluster.must_campaign_at_once(&because).map(|_| ())
}

//! Whom it votes for.

use raftapi::{Role, Term};

use super::ROUND_TRIP;
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::task::Task;

pub(super) fn first_come_first_served(cluster: &mut Cluster) -> Outcome {
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

pub(super) fn a_lost_grant_is_given_again(cluster: &mut Cluster) -> Outcome {
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

pub(super) fn a_candidate_has_voted(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    cluster.pass(ROUND_TRIP)?; // it may have to ask itself first
    let mut rivals = cluster.peers_in_any_order();
    let elected = match cluster.random(3) {
        0 => {
            cluster.refuses(rivals[0], &campaign)?;
            cluster.pass(ROUND_TRIP)?;
            false
        }
        1 => {
            // Its voter is no rival.
            cluster.grants(rivals.swap_remove(0), &campaign)?;
            cluster.must_win(&campaign)?;
            true
        }
        _ => false,
    };
    for rival in rivals {
        let asked = cluster.asks(rival, campaign.term)?;
        let because = format!("it campaigned itself in that term, at {}", campaign.began);
        match elected && cluster.features().lease {
            true => cluster.must_not_grant(&asked, &because, Task::Campaign)?,
            false => cluster.must_refuse(&asked, &because, Task::Campaign)?,
        }
        if elected {
            let because = format!("got {asked}");
            cluster.must_still_be(campaign.term, Role::Leader, &because)?;
        }
    }
    Ok(())
}

pub(super) fn older_terms_are_refused(cluster: &mut Cluster) -> Outcome {
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

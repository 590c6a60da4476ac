//! Which votes count.

use std::time::Duration;

use labrpc::LinkFaults;
use raftapi::Role;

use super::{ROUND_TRIP, network};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::{PATIENCE, S0};
use crate::task::Task;

pub(super) fn refusals_do_not_count(cluster: &mut Cluster) -> Outcome {
    let campaign = cluster.campaign()?;
    let peers = cluster.peers_in_any_order();
    let refusing = 1 + cluster.random(peers.len());
    for &peer in &peers[..refusing] {
        cluster.refuses(peer, &campaign)?;
    }
    let because = format!("{:?} refused it their votes", &peers[..refusing]);
    cluster.must_not_lead(campaign.term, &because)?;
    if refusing == 1 {
        // It still has the votes of a majority, with the other's.
        cluster.grants(peers[1], &campaign)?;
        cluster.must_win(&campaign)?;
    }
    Ok(())
}

pub(super) fn votes_of_an_earlier_term_do_not_count(cluster: &mut Cluster) -> Outcome {
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

pub(super) fn each_server_counts_once(cluster: &mut Cluster) -> Outcome {
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

pub(super) fn votes_for_a_follower_do_not_count(cluster: &mut Cluster) -> Outcome {
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

/// How long before a campaign may be over its last vote has arrived at the latest.
const BEFORE_THE_END: Duration = Duration::from_millis(60);

/// Of an even number of servers, half is too few, and one more is enough at once, however late in the
/// campaign.
pub(super) fn half_is_no_majority(cluster: &mut Cluster) -> Outcome {
    let servers = cluster.servers().len();
    let campaign = cluster.campaign()?;
    let peers = cluster.peers_in_any_order();
    let because = format!("of {servers} servers it has no vote but its own");
    cluster.must_not_lead(campaign.term, &because)?;
    let (half, others) = peers.split_at(servers / 2 - 1);
    for &peer in half {
        cluster.grants(peer, &campaign)?;
    }
    let because = format!("of {servers} servers it has the votes of {half:?} and its own");
    cluster.must_not_lead(campaign.term, &because)?;
    if cluster.random(2) == 0 {
        let quiet = cluster.surely_quiet().saturating_sub(BEFORE_THE_END);
        cluster.pass_until(campaign.began + quiet)?;
    }
    cluster.grants(others[0], &campaign)?;
    cluster.must_win(&campaign)
}

/// How long it must go on leading.
const TWO_SECONDS: Duration = Duration::from_secs(2);

pub(super) fn one_server_leads_alone(cluster: &mut Cluster) -> Outcome {
    let leads = |cluster: &Cluster| cluster.said().is_some_and(|(_, role)| role == Role::Leader);
    let latest = cluster.latest_campaign(cluster.now()) + PATIENCE;
    if !cluster.wait_for(latest, leads)? {
        let sentence = format!(
            "{S0} is the only server of its cluster, and at {} {}; its longest election timeout is {:?}",
            cluster.now(),
            cluster.said_in_words(),
            cluster.timing().election_timeout_max()
        );
        return cluster.fail("who is alone leads", Task::CountVotes, sentence);
    }
    let first = cluster.said();
    let until = cluster.now() + TWO_SECONDS;
    if !cluster.wait_for(until, |cluster| cluster.said() != first)? {
        return Ok(());
    }
    let sentence = format!(
        "{S0} is the only server of its cluster and led it, and at {} {}",
        cluster.now(),
        cluster.said_in_words()
    );
    cluster.fail("who is alone goes on leading", Task::CountVotes, sentence)
}

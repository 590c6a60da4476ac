//! Which votes count.

use labrpc::LinkFaults;

use super::{ROUND_TRIP, network};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::hand::S0;

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

pub(super) fn the_majority_of_four_is_three(cluster: &mut Cluster) -> Outcome {
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

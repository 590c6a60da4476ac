//! Leadership transfer (thesis 3.10).

use labrpc::{Happening, ServerId};
use raftapi::{Entry, Request, Role, Stable, Term, TransferLeadership};

use super::{LATENCY, a_while, by_hand, conditions, settled, together};
use crate::chance::LATENESS;
use crate::cluster::{Cluster, Leader};
use crate::finding::Outcome;
use crate::hand::{PATIENCE, S0};
use crate::part::Feature;
use crate::rules::staged::Staged;
use crate::test::{Cast, Test};

const NEEDS: &[Feature] = &[Feature::Transfer];

/// A transfer is four messages one after the other: the wish, TimeoutNow, a request, a vote.
const MESSAGES: u32 = 4;

pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            name: "leadership_is_handed_over",
            description: "a follower that asks for it leads before any election timeout has passed",
            hint: "the leader sends TimeoutNow to the server that is to lead, which campaigns at once, \
                   in a new term; no lease and no pre-vote holds it up (thesis 3.10)",
            script: leadership_is_handed_over,
            ..together(NEEDS)
        },
        Test {
            name: "failed_transfers_are_given_up",
            description: "if the next leader dies, the old one goes on, and hands over to another",
            hint: "if a transfer has not come about after an election timeout, the leader gives it up \
                   and goes on; its heartbeats go on all the while (thesis 3.10)",
            script: failed_transfers_are_given_up,
            ..together(NEEDS)
        },
        Test {
            name: "logs_that_are_behind_do_not_lead",
            description: "no TimeoutNow to a server whose log is behind; to one whose is not, at once",
            hint: "the leader sends TimeoutNow only when the log of the server that is to lead matches \
                   its own: it has accepted a heartbeat of this term (thesis 3.10)",
            cast: Cast::AloneLater,
            script: logs_that_are_behind_do_not_lead,
            ..by_hand(NEEDS)
        },
        Test {
            name: "timeout_now_is_obeyed",
            description: "of the current leader, and at once, without pre-votes; of an older one, not",
            hint: "TimeoutNow of the current term is as good as a timeout that has passed, and asks \
                   nobody first; that the leader has asked for the election stands in the request, so \
                   that no lease holds it up (thesis 3.10 and 4.2.3)",
            script: timeout_now_is_obeyed,
            ..by_hand(NEEDS)
        },
    ]
}

fn leadership_is_handed_over(cluster: &mut Cluster) -> Outcome {
    let (mut leader, _) = settled(cluster)?;
    for _ in 0..3 {
        let shift = 1 + cluster.random(cluster.servers().len() - 1);
        let next = ServerId::new((leader.server.index() + shift) % cluster.servers().len());
        leader = hand_over(cluster, leader, next)?;
    }
    Ok(())
}

/// Expects that the leader hands its leadership to this server.
fn hand_over(cluster: &mut Cluster, leader: Leader, next: ServerId) -> Outcome<Leader> {
    let Leader { server: old, term } = leader;
    let asked = cluster.now();
    cluster.send_as(next, old, TransferLeadership { term })?;
    let time = MESSAGES * (LATENESS + LATENCY);
    let shortest = cluster.timing().election_timeout_min();
    let time = time.max(shortest.saturating_sub(LATENESS));
    let leads = |watch: &crate::watch::Watch| {
        let leads = watch.view.leader_of_majority();
        leads.filter(|&(server, newer)| server == next && newer > term)
    };
    cluster.advance_until(time, |watch| leads(watch).is_some())?;
    if leads(cluster.watch()).is_none() {
        let is = |id: ServerId| match cluster.status(id) {
            Some(status) => format!("{id} is {} of term {}", status.role, status.term),
            None => format!("{id} has said nothing"),
        };
        let sentence = format!(
            "{next} asked {old}, leader of term {term}, for its leadership at {asked}, and {time:?} \
             later {} and {}",
            is(old),
            is(next)
        );
        return cluster.fail("leadership is handed over when asked for", None, sentence);
    }
    let rest = conditions(cluster).alive(up(cluster));
    let settled = cluster.check_settled(&rest)?;
    if settled.server != next {
        let sentence = format!(
            "{next} took over from {old}, and then {} leads term {}",
            settled.server, settled.term
        );
        return cluster.fail("a leader that nothing disturbs stays", None, sentence);
    }
    Ok(settled)
}

fn up(cluster: &Cluster) -> usize {
    cluster.watch().view.connected().count()
}

fn failed_transfers_are_given_up(cluster: &mut Cluster) -> Outcome {
    let (leader, others) = settled(cluster)?;
    let Leader { server, term } = leader;
    let (dead, next) = (others[0], others[1]);
    cluster.hold_to(Staged::Heartbeats);
    cluster.send_as(dead, server, TransferLeadership { term })?;
    cluster.crash(dead)?;
    let time = a_while(cluster);
    let why = format!("{dead} asked for its leadership and died");
    cluster.check_undisturbed(leader, time, &why)?;
    cluster.release(Staged::Heartbeats)?;
    hand_over(cluster, leader, next)?;
    cluster.restart(dead)?;
    let all = conditions(cluster);
    cluster.check_settled(&all).map(|_| ())
}

fn logs_that_are_behind_do_not_lead(cluster: &mut Cluster) -> Outcome {
    let [behind, next] = cluster.two_peers();
    let entry = |term| Entry {
        term,
        command: String::new(),
    };
    let stable = Stable {
        current_term: 2,
        log: vec![entry(1), entry(2)],
        ..Stable::default()
    };
    cluster.preload(S0, stable)?;
    cluster.restart(S0)?;
    cluster.lacks_entries(behind);
    let term = cluster.elect()?;
    let began = cluster.now();
    let wait = cluster.random_time(2 * cluster.timing().heartbeat_interval());
    cluster.pass(wait)?;
    cluster.asks_to_lead(behind, term)?;
    // Long enough for the transfer to be given up.
    let until = cluster.now() + a_while(cluster);
    if let Some(at) = cluster.told_to_campaign(behind, began, until)? {
        let sentence = format!(
            "{S0}, leader of term {term}, told {behind} to campaign at {at}, and {behind} has refused \
             each of its heartbeats: its log is empty"
        );
        return cluster.fail("only an up-to-date log is to lead", None, sentence);
    }
    cluster.must_still_be(term, Role::Leader, "was asked for its leadership")?;
    cluster.asks_to_lead(next, term)?;
    let asked = cluster.now();
    // It may ask with a heartbeat first.
    let until = asked + cluster.timing().heartbeat_interval() + 3 * LATENESS;
    if cluster.told_to_campaign(next, began, until)?.is_none() {
        let sentence = format!(
            "{next}, which has accepted the heartbeats of {S0}, leader of term {term}, asked for the \
             leadership at {asked}, and was not told to campaign by {}",
            cluster.now()
        );
        return cluster.fail("leadership is handed over when asked for", None, sentence);
    }
    Ok(())
}

fn timeout_now_is_obeyed(cluster: &mut Cluster) -> Outcome {
    let [leader, old] = cluster.two_peers();
    let earlier = cluster.begin()? + 1;
    let beat = cluster.beats(old, earlier)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    let term = earlier + 1 + cluster.random(2) as Term;
    let beat = cluster.beats(leader, term)?;
    cluster.must_accept(&beat, "it is of a newer term")?;
    let told = cluster.tell_to_campaign(old, earlier)?;
    let because = format!(
        "it followed {leader} in term {term}, and {old}'s TimeoutNow at {told} was of term {earlier}"
    );
    let until = beat.at + cluster.surely_quiet();
    cluster.must_not_campaign_until(until.min(told + PATIENCE / 2), &because)?;

    let beat = cluster.beats(leader, term)?;
    cluster.must_accept(&beat, "it is of the current leader")?;
    let asked = cluster.tell_to_campaign(leader, term)?;
    let because = format!("{leader}, leader of term {term}, told {S0} to campaign at {asked}");
    let campaign = cluster.must_campaign_at_once(&because)?;
    let pre_vote = cluster.watch().story().iter().any(|record| {
        record.at >= asked
            && matches!(&record.what, Happening::Sent { from: S0, request: Request::RequestVote(args), .. }
                if args.pre_vote)
    });
    let sentence = if pre_vote {
        "asked for pre-votes first"
    } else if cluster.features().lease && !campaign.request.leader_transfer {
        "did not say in its request that the leader wanted that election"
    } else {
        for &peer in &[leader, old] {
            cluster.grants(peer, &campaign)?;
        }
        return cluster.must_win(&campaign);
    };
    let sentence = format!("{because}, and it {sentence}");
    cluster.fail(
        "TimeoutNow starts an election that nothing holds up",
        None,
        sentence,
    )
}

//! Pre-votes and transfers.

use std::time::Duration;

use labrpc::{Happening, ServerId};
use raftapi::{
    Reply, Request, RequestVote, Term, Time, TimeoutNow, TransferLeadership, TransferReply,
    VoteReply,
};

use super::campaign::LONG;
use super::{Asked, Campaign, PATIENCE, S0};
use crate::cluster::Cluster;
use crate::finding::Outcome;

/// Until a message has arrived for sure.
const ARRIVAL: Duration = Duration::from_millis(2);

impl Cluster {
    // ---- Pre-votes ----

    /// The hands stop or begin to grant pre-votes by themselves.
    pub fn grant_pre_votes(&mut self, grant: bool) {
        self.hands.withhold = !grant;
    }

    /// A peer whose log is as good as S0's asks whether S0 would vote for it in this term.
    pub fn asks_first(&mut self, from: ServerId, term: Term) -> Outcome<Asked<VoteReply>> {
        self.asks_with(RequestVote {
            pre_vote: true,
            ..self.vote_request(from, term)
        })
    }

    /// Waits until S0 asks for pre-votes anew, and all peers have been asked, whose hands do not
    /// grant them by themselves.
    pub fn ballot(&mut self) -> Outcome<Campaign> {
        let now = self.now();
        let mut found = None;
        self.wait_for(now + LONG, |cluster| {
            found = cluster.find_ballot(now);
            found.is_some()
        })?;
        if let Some(ballot) = found {
            self.pass(ARRIVAL)?;
            return Ok(ballot);
        }
        let sentence = format!(
            "{S0} heard of no leader for {} s from {now} on and asked nobody for a pre-vote",
            LONG.as_secs()
        );
        self.fail("PreVote asks before it campaigns", None, sentence)
    }

    fn find_ballot(&self, after: Time) -> Option<Campaign> {
        let mut story = self.watch().story().iter().filter(|r| r.at > after);
        story.find_map(|record| match &record.what {
            Happening::Sent {
                from: S0,
                request: Request::RequestVote(args),
                ..
            } if args.pre_vote => Some(Campaign {
                term: args.term,
                began: record.at,
                asked: record.at,
                request: args.clone(),
            }),
            _ => None,
        })
    }

    /// Expects that S0 asks for votes at once.
    pub fn must_campaign_at_once(&mut self, because: &str) -> Outcome<Campaign> {
        if let Some(campaign) = self.campaign_until(self.now() + PATIENCE)? {
            return Ok(campaign);
        }
        let sentence = format!(
            "{because}, and at {}, {PATIENCE:?} later, {S0} has not asked for votes",
            self.now()
        );
        self.fail("who may campaign does so at once", None, sentence)
    }

    /// Expects that S0 asks for no votes in the next moments.
    pub fn must_not_campaign(&mut self, because: &str) -> Outcome {
        self.must_not_campaign_until(self.now() + PATIENCE / 2, because)
    }

    /// Expects that S0 asks for no votes until then.
    pub fn must_not_campaign_until(&mut self, until: Time, because: &str) -> Outcome {
        let Some(campaign) = self.campaign_until(until)? else {
            return Ok(());
        };
        let sentence = format!(
            "{S0} asked for votes in term {} by {}, though {because}",
            campaign.term,
            self.now()
        );
        self.fail("who may not campaign does not", None, sentence)
    }

    // ---- Leading ----

    /// From now on, of the hands only these acknowledge heartbeats.
    pub fn only_acknowledge(&mut self, peers: &[ServerId]) {
        let others = self.servers().filter(|id| !peers.contains(id));
        self.hands.mute = others.collect();
    }

    /// From now on this peer's log is empty: it refuses heartbeats that follow an entry.
    pub fn lacks_entries(&mut self, peer: ServerId) {
        self.hands.behind.push(peer);
    }

    // ---- Transfers ----

    /// A peer asks S0 to hand it its leadership.
    pub fn asks_to_lead(&mut self, from: ServerId, term: Term) -> Outcome<Asked<TransferReply>> {
        self.request(from, TransferLeadership { term }.into(), transfer_reply)
    }

    /// The leader of this term tells S0 to campaign at once. When S0 was handed that.
    pub fn tell_to_campaign(&mut self, leader_id: ServerId, term: Term) -> Outcome<Time> {
        let message = self.send(leader_id, TimeoutNow { term, leader_id })?;
        self.deliver(message)
    }

    /// Waits until S0 tells this peer to campaign, up to this time. When it did since `began`.
    pub fn told_to_campaign(
        &mut self,
        peer: ServerId,
        began: Time,
        until: Time,
    ) -> Outcome<Option<Time>> {
        let mut found = None;
        self.wait_for(until, |cluster| {
            let mut story = cluster.watch().story().iter().filter(|r| r.at >= began);
            found = story.find_map(|record| match &record.what {
                Happening::Sent {
                    from: S0,
                    to,
                    request: Request::TimeoutNow(_),
                    ..
                } if *to == peer => Some(record.at),
                _ => None,
            });
            found.is_some()
        })?;
        Ok(found)
    }
}

fn transfer_reply(reply: &Reply) -> Option<TransferReply> {
    match reply {
        Reply::Transfer(reply) => Some(reply.clone()),
        _ => None,
    }
}

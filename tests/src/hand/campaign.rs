//! S0 asks for votes.

use std::time::Duration;

use labrpc::{Happening, ServerId};
use raftapi::{AppendReply, Request, RequestVote, Role, Term, Time, VoteReply};

use super::{Open, PATIENCE, S0};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::task::Task;

/// How long a script waits for a campaign that is not late by its part's standards.
pub(super) const LONG: Duration = Duration::from_secs(20);

/// Until a server that has been started is up.
const START: Duration = Duration::from_millis(1);

/// An election that S0 has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Of which term.
    pub term: Term,
    /// When its first RequestVote left, or the pre-vote that led to it.
    pub began: Time,
    /// When its first RequestVote left.
    pub asked: Time,
    /// What it said.
    pub request: RequestVote,
}

impl Cluster {
    /// Waits for S0's next campaign, up to this time. Repeated requests of a campaign are not a new
    /// one.
    pub fn campaign_until(&mut self, until: Time) -> Outcome<Option<Campaign>> {
        match self.wait_for(until, Cluster::has_campaigned)? {
            true => Ok(self.take_campaign()),
            false => Ok(None),
        }
    }

    /// The same, where a pre-vote is enough.
    pub fn attempt_until(&mut self, until: Time) -> Outcome<Option<Campaign>> {
        if !self.wait_for(until, Cluster::has_begun)? {
            return Ok(None);
        }
        let moments = self.now() + PATIENCE;
        self.wait_for(moments, Cluster::has_campaigned)?;
        Ok(self.take_campaign())
    }

    /// Whether S0 has campaigned, and no script has waited for it.
    pub fn has_campaigned(&self) -> bool {
        let found = self.find_campaign();
        found.is_some_and(|(_, campaign)| !campaign.request.pre_vote)
    }

    /// The same, where a pre-vote is enough.
    pub fn has_begun(&self) -> bool {
        self.find_campaign().is_some()
    }

    fn take_campaign(&mut self) -> Option<Campaign> {
        let (next, campaign) = self.find_campaign()?;
        self.hands.searched = next;
        if !campaign.request.pre_vote {
            self.hands.campaigned = campaign.term;
        }
        Some(campaign)
    }

    /// The first campaign in what has not been searched, and where the rest begins. If there are only
    /// pre-votes, the first of them.
    fn find_campaign(&self) -> Option<(usize, Campaign)> {
        let mut first: Option<(usize, Campaign)> = None;
        let story = self.watch().story();
        let unread = self.hands.searched.max(self.hands.without.get());
        for (index, record) in story.iter().enumerate().skip(unread) {
            let Happening::Sent {
                from: S0,
                to,
                request: Request::RequestVote(args),
                ..
            } = &record.what
            else {
                continue;
            };
            if args.term <= self.hands.campaigned || *to == S0 {
                continue;
            }
            let campaign = Campaign {
                term: args.term,
                began: first.as_ref().map_or(record.at, |(_, first)| first.began),
                asked: record.at,
                request: args.clone(),
            };
            if !args.pre_vote {
                return Some((index + 1, campaign));
            }
            first.get_or_insert((index + 1, campaign));
        }
        if first.is_none() {
            self.hands.without.set(story.len());
        }
        first
    }

    /// Starts S0 again, and waits until it is up.
    pub fn revive(&mut self) -> Outcome {
        self.restart(S0)?;
        self.pass(START)
    }

    /// What S0 has done so far is not waited for any more.
    pub(crate) fn forget_campaigns(&mut self) {
        self.hands.searched = self.watch().story().len();
        self.hands.campaigned = 0;
    }

    /// Waits for S0's next campaign.
    pub fn campaign(&mut self) -> Outcome<Campaign> {
        let began = self.now();
        let timeouts = self.watch().activity.timeouts;
        if let Some(campaign) = self.campaign_until(began + LONG)? {
            return Ok(campaign);
        }
        let (how, task) = match self.watch().activity.timeouts == timeouts {
            true => ("no deadline of it has passed", Task::ElectionTimer),
            false => ("though deadlines of it have passed", Task::Campaign),
        };
        let waited = LONG.as_secs();
        let sentence = format!(
            "{S0} heard of no leader for {waited} s from {began} on and asked nobody for a vote in a \
             new term; {how}"
        );
        let hint = "when the election timer runs out, increment the term and ask all others for \
             their votes, again and again until somebody leads (Raft paper, 5.2; Figure 2, \
             'Followers' and 'Candidates')";
        self.fail_anywhere("who hears of no leader campaigns", hint, task, sentence)
    }

    /// Waits for the RequestVote of this campaign that no peer has answered yet. The message.
    fn request_to(&mut self, peer: ServerId, campaign: &Campaign) -> Outcome<u64> {
        let until = self.now() + PATIENCE;
        let mut found = None;
        self.wait_for(until, |cluster| {
            found = cluster.open_vote_request(peer, &campaign.request);
            found.is_some()
        })?;
        if let Some(message) = found {
            return Ok(message);
        }
        let Campaign { term, began, .. } = campaign;
        let sentence = format!(
            "{S0} campaigned in term {term} at {began}, and its RequestVote has not reached {peer} \
             {PATIENCE:?} later"
        );
        let hint = "send RequestVote RPCs to all other servers (Raft paper, Figure 2, \
             'Candidates')";
        self.fail_anywhere(
            "a candidate asks all servers",
            hint,
            Task::Campaign,
            sentence,
        )
    }

    fn open_vote_request(&self, peer: ServerId, request: &RequestVote) -> Option<u64> {
        let asks = |open: &&Open| {
            open.to == peer
                && matches!(&open.request, Request::RequestVote(args)
                    if (args.term, args.pre_vote) == (request.term, request.pre_vote))
        };
        self.hands.open.iter().rfind(asks).map(|open| open.message)
    }

    /// A peer grants S0 its vote, or its pre-vote. The reply arrives after the network's delay.
    pub fn grants(&mut self, peer: ServerId, campaign: &Campaign) -> Outcome {
        let term = self.term_of_grant(&campaign.request);
        self.votes(peer, campaign, term, true)
    }

    /// A peer refuses S0 its vote, or its pre-vote.
    pub fn refuses(&mut self, peer: ServerId, campaign: &Campaign) -> Outcome {
        let ahead = u64::from(campaign.request.pre_vote);
        let term = campaign.term.saturating_sub(ahead);
        self.votes(peer, campaign, term, false)
    }

    /// A peer refuses S0 its vote: it is in a newer term already.
    pub fn refuses_in(&mut self, term: Term, peer: ServerId, campaign: &Campaign) -> Outcome {
        self.votes(peer, campaign, term, false)
    }

    fn votes(
        &mut self,
        peer: ServerId,
        campaign: &Campaign,
        term: Term,
        vote_granted: bool,
    ) -> Outcome {
        let message = self.request_to(peer, campaign)?;
        self.reply(message, VoteReply { term, vote_granted })
    }

    /// Whether S0 acts as the leader of a term: it says so, or sends a heartbeat.
    pub fn leads(&self, term: Term) -> bool {
        let told = self.said() == Some((term, Role::Leader));
        told || self.last_heartbeat(term).is_some()
    }

    /// When S0 last sent a heartbeat of this term.
    pub fn last_heartbeat(&self, term: Term) -> Option<Time> {
        let story = self.watch().story().iter().rev();
        let mut beats = story.filter(|record| {
            matches!(&record.what, Happening::Sent { from: S0, request: Request::AppendEntries(args), .. }
                if args.term == term)
        });
        beats.next().map(|record| record.at)
    }

    /// Has S0 campaign and win with the votes of all, in any order. Its term.
    pub fn elect(&mut self) -> Outcome<Term> {
        let campaign = self.campaign()?;
        for peer in self.peers_in_any_order() {
            self.grants(peer, &campaign)?;
        }
        self.must_win(&campaign)?;
        Ok(campaign.term)
    }

    /// Waits until a heartbeat of S0 of this term has reached a peer whose hands are still; the
    /// message.
    fn heartbeat_to(&mut self, peer: ServerId, term: Term) -> Outcome<u64> {
        let until = self.now() + self.timing().heartbeat_interval() + PATIENCE;
        let mut found = None;
        self.wait_for(until, |cluster| {
            found = cluster.open_heartbeat(peer, term);
            found.is_some()
        })?;
        if let Some(message) = found {
            return Ok(message);
        }
        let sentence = format!("{S0} leads term {term}, and its heartbeats do not reach {peer}");
        let hint = "upon election, and again each heartbeat interval, send an empty AppendEntries \
             to each server (Raft paper, Figure 2, 'Leaders')";
        self.fail_anywhere(
            "a leader sends heartbeats",
            hint,
            Task::Heartbeats,
            sentence,
        )
    }

    fn open_heartbeat(&self, peer: ServerId, term: Term) -> Option<u64> {
        let beats = |open: &&Open| {
            open.to == peer
                && matches!(&open.request, Request::AppendEntries(args) if args.term == term)
        };
        let last = self.hands.open.iter().rfind(beats);
        last.map(|open| open.message)
    }

    /// A peer refuses a heartbeat of S0, which leads `old`: it is in a newer term already.
    pub fn refuses_heartbeat_in(&mut self, term: Term, peer: ServerId, old: Term) -> Outcome {
        self.acknowledge_heartbeats(false);
        let message = self.heartbeat_to(peer, old)?;
        let success = false;
        self.reply(message, AppendReply { term, success })
    }

    /// Waits for an interval; the last heartbeats of S0, which leads this term, that have reached
    /// these peers, whose hands are still. There are none if it is too slow: that is another test's.
    pub fn latest_heartbeats_to(&mut self, peers: &[ServerId], term: Term) -> Outcome<Vec<u64>> {
        let wait = self.timing().heartbeat_interval() + PATIENCE;
        self.pass(wait)?;
        let beats = peers
            .iter()
            .filter_map(|&peer| self.open_heartbeat(peer, term));
        Ok(beats.collect())
    }

    /// Answers a heartbeat of S0.
    pub fn answers_heartbeat(&mut self, message: u64, term: Term, success: bool) -> Outcome {
        self.reply(message, AppendReply { term, success })
    }

    // ---- Roles ----

    /// Begins with S0 in a state in which it answers candidates and knows of no leader. Its
    /// newest term.
    ///
    /// As a rule that is soon after its start. A server with a lease may refuse its vote then, as it
    /// may have heard from a leader before: it is asked when it has campaigned.
    pub fn begin(&mut self) -> Outcome<Term> {
        if self.features().lease {
            return Ok(self.campaign()?.term);
        }
        let wait = self.random_time(self.timing().election_timeout_min() / 4);
        self.pass(START + wait)?;
        Ok(self.random(3) as Term)
    }

    /// Begins with S0 in this role; a follower has voted for `other`. Its term.
    pub fn become_role(&mut self, role: Role, other: ServerId) -> Outcome<Term> {
        let before = match role {
            Role::Follower => self.begin()?,
            _ => 0,
        };
        self.become_role_after(before, role, other)
    }

    /// The same, in a term after this one.
    pub fn become_role_after(&mut self, term: Term, role: Role, other: ServerId) -> Outcome<Term> {
        match role {
            Role::Leader => self.elect(),
            Role::Candidate | Role::PreCandidate => Ok(self.campaign()?.term),
            Role::Follower => {
                let term = term + 1 + self.random(3) as Term;
                let asked = self.asks(other, term)?;
                self.must_grant(&asked, "nobody had asked it in that term before")?;
                Ok(term)
            }
        }
    }
}

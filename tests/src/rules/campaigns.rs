//! Each server's latest campaign, and the replies that have reached it.

use labrpc::{Happening, Seen, ServerId};
use raftapi::{Raft, Reply, Request, Term, Time};

#[derive(Debug)]
pub(super) struct Campaigns(Vec<Campaign>);

/// A server's latest campaign.
#[derive(Clone, Debug, Default)]
pub(super) struct Campaign {
    pub term: Term,
    /// Whose grants have reached it; its own vote is not among them.
    pub grants: Vec<ServerId>,
    /// The last term in which it was found to be rightly elected.
    pub elected: Option<Term>,
    /// Replies that are no votes.
    pub others: Vec<NoVote>,
}

/// A reply to a RequestVote that is no vote in the campaign that it arrives in.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoVote {
    pub at: Time,
    pub from: ServerId,
    pub term: Term,
    pub why: Why,
}

/// Why a reply is no vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Refusal,
    EarlierTerm,
    PreVote,
    SecondTime,
    Itself,
}

impl Campaigns {
    pub fn new(servers: usize) -> Self {
        Campaigns(vec![Campaign::default(); servers])
    }

    pub fn of(&mut self, server: ServerId) -> &mut Campaign {
        &mut self.0[server.index()]
    }

    #[inline]
    pub fn observe(&mut self, at: Time, seen: &Seen<'_, Raft>) {
        match *seen {
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => self.of(from).begin(at, args.term),
            Happening::ReplyDelivered {
                from,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } => {
                let campaign = self.of(to);
                let why = match () {
                    () if args.pre_vote && reply.vote_granted => Why::PreVote,
                    () if args.pre_vote => return,
                    () if args.term < campaign.term => Why::EarlierTerm,
                    () if !reply.vote_granted => Why::Refusal,
                    () if from == to => Why::Itself,
                    () if campaign.grants.contains(&from) => Why::SecondTime,
                    () if args.term == campaign.term => return campaign.grants.push(from),
                    () => return,
                };
                campaign.others.push(NoVote {
                    at,
                    from,
                    term: args.term,
                    why,
                });
            }
            Happening::Crashed { server } => {
                let campaign = self.of(server);
                campaign.grants.clear();
                campaign.others.clear();
                campaign.elected = None;
            }
            _ => {}
        }
    }
}

impl Campaign {
    /// What the last campaign won, and what was promised in a pre-vote, are no votes in this one.
    fn begin(&mut self, at: Time, term: Term) {
        if term <= self.term {
            return;
        }
        let promised = |reply: &NoVote| reply.why == Why::PreVote && reply.term == term;
        self.others.retain(promised);
        for from in self.grants.drain(..) {
            self.others.push(NoVote {
                at,
                from,
                term: self.term,
                why: Why::EarlierTerm,
            });
        }
        self.term = term;
    }
}

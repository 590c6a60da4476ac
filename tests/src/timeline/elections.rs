//! Who campaigned, who was granted what, and what came of it.

use std::collections::BTreeMap;

use labrpc::{Happening, Record};
use raftapi::{Raft, Reply, Request, Role, ServerId};

use super::model::Election;

/// The elections of a run, in the order in which they began; pre-votes are none.
pub(super) fn elections(trace: &[&Record<Raft>], end: u64) -> Vec<Election> {
    let mut all: BTreeMap<u64, Election> = BTreeMap::new();
    for record in trace {
        let at = record.at.as_nanos();
        let mut campaigns = |server: ServerId, term: u64| {
            let election = all.entry(term).or_insert_with(|| Election {
                term,
                begin: at,
                end,
                candidates: Vec::new(),
                grants: Vec::new(),
                won: None,
                split: false,
            });
            let server = server.index() as u32;
            if election
                .candidates
                .iter()
                .all(|&(known, _)| known != server)
            {
                election.candidates.push((server, at));
            }
        };
        match &record.what {
            Happening::Sent {
                from,
                request: Request::RequestVote(args),
                ..
            } if !args.pre_vote => campaigns(*from, args.term),
            Happening::Published { server, status } if status.role == Role::Candidate => {
                campaigns(*server, status.term);
            }
            Happening::Published { server, status } if status.role == Role::Leader => {
                let server = server.index() as u32;
                if let Some(election) = all.get_mut(&status.term) {
                    election.won.get_or_insert((server, at));
                }
            }
            Happening::Replied {
                from,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if reply.vote_granted && !args.pre_vote && from != to => {
                let grant = (from.index() as u32, to.index() as u32, at);
                if let Some(election) = all.get_mut(&args.term)
                    && election
                        .grants
                        .iter()
                        .all(|known| (known.0, known.1) != (grant.0, grant.1))
                {
                    election.grants.push(grant);
                }
            }
            _ => {}
        }
    }
    let mut all: Vec<Election> = all.into_values().collect();
    all.sort_by_key(|election| (election.begin, election.term));
    for index in 0..all.len() {
        let term = all[index].term;
        let next = all[index + 1..].iter().find(|next| next.term > term);
        let next = next.map(|next| next.begin);
        let election = &mut all[index];
        match election.won {
            Some((_, at)) => election.end = at,
            None => {
                election.end = next.unwrap_or(end);
                election.split = next.is_some() && election.candidates.len() > 1;
            }
        }
    }
    all
}

//! A message names its true sender.

use labrpc::{Happening, Seen};
use raftapi::{Raft, Request, Time};

use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct Identity;

impl Rule for Identity {
    const NAME: &'static str = "a message names its true sender";
    const HINT: &'static str = "candidate_id is the candidate requesting the vote, leader_id the leader \
                                (Raft paper, Figure 2): ctx.me()";

    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Happening::Sent { from, request, .. } = *seen else {
            return Ok(());
        };
        let (name, named, role, task) = match request {
            Request::RequestVote(args) => (
                "RequestVote",
                args.candidate_id,
                "candidate",
                Some(Task::Campaign),
            ),
            Request::AppendEntries(args) => (
                "AppendEntries",
                args.leader_id,
                "leader",
                Some(Task::Heartbeats),
            ),
            Request::TimeoutNow(args) => ("TimeoutNow", args.leader_id, "leader", None),
            Request::TransferLeadership(_) => return Ok(()),
        };
        if named == from {
            return Ok(());
        }
        let sentence = format!("{from} sent a {name} that names {named} as {role}");
        Err(Broken(sentence, task))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_request_in_another_s_name_breaks_it() {
        let forged = Happening::Sent {
            message: 0,
            from: S1,
            to: S0,
            request: vote_request(S2, 1).into(),
        };
        assert_eq!(
            broken(&[forged]),
            (
                Identity::NAME,
                "S1 sent a RequestVote that names S2 as candidate".to_string()
            )
        );
    }
}

//! Nobody asks for what only an extra knows that it does not declare.

use labrpc::{Happening, Seen};
use raftapi::{Features, Raft, Request, Time};

use super::{Broken, Rule};

#[derive(Debug)]
pub(super) struct Declared(Features);

impl Declared {
    pub fn new(features: Features) -> Self {
        Declared(features)
    }
}

impl Rule for Declared {
    const NAME: &'static str = "a server does what it declares";
    const HINT: &'static str = "pre_vote and leader_transfer are false in a plain server's RequestVote, in \
                                each of them: they belong to extras, which a server declares with its \
                                Features (thesis 9.6, 4.2.3)";

    fn observe(&mut self, _: Time, _: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        let Happening::Sent { from, request, .. } = *seen else {
            return Ok(());
        };
        let (what, extra) = match request {
            Request::RequestVote(args) if args.pre_vote && self.0.pre_vote.is_none() => {
                ("a RequestVote with pre_vote", "PreVote")
            }
            Request::RequestVote(args) if args.leader_transfer && !self.0.transfer => {
                ("a RequestVote with leader_transfer", "leadership transfer")
            }
            _ => return Ok(()),
        };
        let sentence = format!("{from} sent {what}, and does not declare {extra}");
        Err(Broken(sentence, None))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn the_flag_of_an_extra_breaks_it() {
        let flagged = sent(S0, S1, pre_vote_request(S0, 1));
        let sentence = "S0 sent a RequestVote with pre_vote, and does not declare PreVote";
        assert_eq!(broken(&[flagged]), (Declared::NAME, sentence.to_string()));
    }
}

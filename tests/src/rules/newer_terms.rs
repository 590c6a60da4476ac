//! Whoever is told of a newer term takes it over.

use labrpc::{Happening, Seen, ServerId};
use raftapi::{Features, Raft, Request, Term, Time};

use super::heard::{Heard, binding_term};
use super::unanswered::Unanswered;
use super::{Broken, Rule};
use crate::task::Task;

#[derive(Debug)]
pub(super) struct NewerTerms {
    heard: Heard,
    /// With the newest term that each server knew when a request came, or knows by that request.
    unanswered: Vec<Unanswered>,
}

impl NewerTerms {
    pub fn new(features: Features, servers: usize) -> Self {
        NewerTerms {
            heard: Heard::new(features, servers),
            unanswered: vec![Unanswered::default(); servers],
        }
    }
}

impl Rule for NewerTerms {
    const NAME: &'static str = "a newer term is taken over";
    const HINT: &'static str = "if an RPC request or response contains a term above current_term, the \
                                server sets current_term to it and becomes a follower, whatever it \
                                was (Raft paper, 5.1 and Figure 2: all servers)";

    #[inline]
    fn observe(&mut self, at: Time, step: u64, seen: &Seen<'_, Raft>) -> Result<(), Broken> {
        self.heard.observe(at, step, seen);
        match *seen {
            Happening::RequestDelivered { message, to, .. } => {
                let told = binding_term(seen, &self.heard.features).map_or(0, |told| told.2);
                let known = told.max(self.heard.looked_at(to, at));
                self.unanswered[to.index()].came(message, known);
                Ok(())
            }
            Happening::Replied {
                answers,
                from,
                request,
                reply,
                ..
            } => {
                let known = self.unanswered[from.index()].answered(answers);
                match request {
                    Request::RequestVote(args) if args.pre_vote => Ok(()),
                    _ => self.check_reply(from, request, reply.term(), known),
                }
            }
            Happening::Sent { from, request, .. } => {
                let name = match request {
                    Request::RequestVote(args) if args.pre_vote => return Ok(()),
                    Request::RequestVote(_) => "a RequestVote",
                    Request::TimeoutNow(_) => "a TimeoutNow",
                    Request::TransferLeadership(_) => "a TransferLeadership",
                    // Another rule's.
                    Request::AppendEntries(_) => return Ok(()),
                };
                let term = request.term();
                let Some(news) = self.heard.above(from, term, at, step) else {
                    return Ok(());
                };
                let sentence = format!(
                    "{from} sent {name} of term {term} at {at}, though a {} of {} had told it of term \
                     {} at {}",
                    news.message, news.from, news.term, news.at
                );
                Err(Broken(sentence, Some(Task::NewerTerms)))
            }
            Happening::Crashed { server } => {
                self.unanswered[server.index()].clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl NewerTerms {
    /// A reply may leave later than it was decided: what it must know is what the server knew when
    /// the request had come.
    #[inline]
    fn check_reply(
        &self,
        server: ServerId,
        request: &Request,
        term: Term,
        known: Term,
    ) -> Result<(), Broken> {
        if term >= known {
            return Ok(());
        }
        let name = match request {
            Request::RequestVote(_) => "a RequestVote",
            Request::AppendEntries(_) => "an AppendEntries",
            _ => return Ok(()),
        };
        let asked = request.term();
        let sentence = format!(
            "{server} answered {name} of term {asked} with term {term}, when it had been told of term \
             {known}"
        );
        Err(Broken(sentence, Some(Task::NewerTerms)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// A refusal that S1 sends tells S0, a candidate of term 1, of term 3. Then it does this, 100 ms
    /// later, decided before or after.
    fn told(then: Event, after: bool) -> Result<(), Broken> {
        let mut rule = NewerTerms::new(Features::PLAIN, 3);
        let delivery = refuses(S0, S1, 1, 3);
        rule.observe(Time::from_millis(1), 7, &delivery.as_ref())?;
        let step = if after { 7 } else { 6 };
        rule.observe(Time::from_millis(101), step, &then.as_ref())
    }

    #[test]
    fn what_a_server_decides_after_it_was_told_of_a_newer_term_is_of_that_term() {
        assert_eq!(told(asks(S0, S1, 3), true), Ok(()));
        assert_eq!(told(asks(S0, S1, 2), false), Ok(()));
        let sentence = "S0 sent a RequestVote of term 2 at 0.101 s, though a reply to a RequestVote \
                        of S1 had told it of term 3 at 0.001 s";
        assert_eq!(
            told(asks(S0, S1, 2), true),
            Err(Broken(sentence.to_string(), Some(Task::NewerTerms)))
        );
    }

    #[test]
    fn who_is_asked_right_after_it_was_told_may_look_at_the_question_first() {
        let answered = |after| {
            let mut rule = NewerTerms::new(Features::PLAIN, 3);
            let told = refuses(S1, S2, 1, 5);
            rule.observe(Time::ZERO, 1, &told.as_ref())?;
            let asked = Time::from_millis(after);
            rule.observe(asked, 2, &reaches(S1, S0, 4).as_ref())?;
            let reply = answered(S1, vote_request(S0, 4), 4, false);
            rule.observe(Time::from_millis(after + 20), 3, &reply.as_ref())
        };
        assert_eq!(answered(5), Ok(()));
        let sentence =
            "S1 answered a RequestVote of term 4 with term 4, when it had been told of term 5";
        assert_eq!(
            answered(100),
            Err(Broken(sentence.to_string(), Some(Task::NewerTerms)))
        );
    }

    #[test]
    fn a_crash_takes_back_what_was_not_written() {
        let events = [refuses(S0, S1, 1, 3), crashes(S0), asks(S0, S1, 2)];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn an_answer_is_of_the_asker_s_term_unless_it_asks_before_its_time() {
        let reply = |term| answered(S1, vote_request(S0, 4), term, false);
        let sentence =
            "S1 answered a RequestVote of term 4 with term 0, when it had been told of term 4";
        assert_eq!(
            broken(&[reaches(S1, S0, 4), reply(0)]),
            (NewerTerms::NAME, sentence.to_string())
        );
        assert_eq!(judge(&[reaches(S1, S0, 4), reply(4)]), Ok(()));
        let pre_vote = raftapi::RequestVote {
            pre_vote: true,
            ..vote_request(S0, 4)
        };
        let events = [
            delivered(S1, S0, pre_vote.clone()),
            answered(S1, pre_vote, 0, false),
        ];
        assert_eq!(judge(&events), Ok(()));
    }

    #[test]
    fn a_lease_lets_a_candidate_be_ignored() {
        let features = Features {
            lease: true,
            ..Features::PLAIN
        };
        let mut rule = NewerTerms::new(features, 3);
        let events = [
            reaches(S1, S0, 4),
            answered(S1, vote_request(S0, 4), 3, false),
        ];
        for event in events {
            assert_eq!(rule.observe(Time::ZERO, 0, &event.as_ref()), Ok(()));
        }
    }
}

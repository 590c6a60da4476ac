//! What a script expects of S0 when all others are played by hand.

use std::time::Duration;

use labrpc::{Happening, ServerId};
use raftapi::{AppendReply, Redraw, Reply, Request, Role, Term, Time, VoteReply};

use super::{Asked, Campaign, PATIENCE, S0};
use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::task::Task;

/// How late a server may look at its clock.
const LATE: Duration = Duration::from_millis(50);
/// How early a timeout may pass.
const EARLY: Duration = Duration::from_millis(1);

impl Cluster {
    // ---- Answers ----

    /// Expects that S0 granted this vote.
    pub fn must_grant(&self, asked: &Asked<VoteReply>, because: &str) -> Outcome {
        let what = match &asked.reply {
            Some((_, reply)) if reply.vote_granted => return Ok(()),
            Some((at, _)) => format!("refused it at {at}"),
            None => format!("did not answer it within {PATIENCE:?}"),
        };
        let sentence = format!("{S0} got {asked} and {what}, though {because}");
        self.fail(
            "a candidate that deserves it is granted the vote",
            Task::AnswerRequestVote,
            sentence,
        )
    }

    /// Expects that S0 refused this vote, in so many words.
    pub fn must_refuse(&self, asked: &Asked<VoteReply>, because: &str, task: Task) -> Outcome {
        self.must_not_grant(asked, because, task)?;
        match asked.reply {
            None => self.unanswered(asked, Task::AnswerRequestVote),
            Some(_) => Ok(()),
        }
    }

    /// Expects that S0 did not grant this vote.
    pub fn must_not_grant(&self, asked: &Asked<VoteReply>, because: &str, task: Task) -> Outcome {
        match &asked.reply {
            Some((at, reply)) if reply.vote_granted => {
                let sentence = format!("{S0} got {asked} and granted it at {at}, though {because}");
                self.fail(
                    "who does not deserve it is refused the vote",
                    task,
                    sentence,
                )
            }
            _ => Ok(()),
        }
    }

    /// S0 has not answered, which a server that follows etcd may do to what is of an older term: it
    /// ignores that.
    pub fn unanswered<R>(&self, asked: &Asked<R>, task: Task) -> Outcome {
        let current = self.said().map_or(0, |(term, _)| term);
        let custom = self.features().redraw == Redraw::OnStateChange || self.features().lease;
        if custom && asked.term < current {
            return Ok(());
        }
        let sentence = format!("{S0} got {asked} and did not answer it within {PATIENCE:?}");
        let hint = "a receiver answers each request with its current term, also when it refuses \
             (Raft paper, Figure 2 and 5.1): call.reply";
        self.fail_anywhere("requests are answered", hint, task, sentence)
    }

    /// Expects that S0 took this heartbeat for its leader's.
    pub fn must_accept(&self, asked: &Asked<AppendReply>, because: &str) -> Outcome {
        match &asked.reply {
            None => self.unanswered(asked, Task::Heartbeats),
            Some((_, reply)) if reply.success => Ok(()),
            Some((at, _)) => {
                let sentence = format!("{S0} got {asked} and refused it at {at}, though {because}");
                self.fail(
                    "a leader's heartbeat is accepted",
                    Task::Heartbeats,
                    sentence,
                )
            }
        }
    }

    /// Expects that S0 did not take this heartbeat for its leader's.
    pub fn must_not_accept(&self, asked: &Asked<AppendReply>, because: &str) -> Outcome {
        match &asked.reply {
            None => self.unanswered(asked, Task::Heartbeats),
            Some((_, reply)) if !reply.success => Ok(()),
            Some((at, _)) => {
                let sentence =
                    format!("{S0} got {asked} and accepted it at {at}, though {because}");
                self.fail(
                    "a heartbeat of an older term is refused",
                    Task::NewerTerms,
                    sentence,
                )
            }
        }
    }

    /// Expects that the term that was told in an answer, if there was one, is this.
    pub fn must_tell_term<R>(&self, asked: &Asked<R>, told: Option<Term>, term: Term) -> Outcome {
        match told {
            Some(told) if told != term => {
                let sentence =
                    format!("{S0}, in term {term}, got {asked} and answered with term {told}");
                let hint = "each reply says the current term, which the request may just have changed \
             (Raft paper, 5.1; Figure 2)";
                self.fail_anywhere(
                    "a reply carries the current term",
                    hint,
                    Task::NewerTerms,
                    sentence,
                )
            }
            _ => Ok(()),
        }
    }

    // ---- What it is ----

    /// Expects that S0 leads now that a majority has granted it this campaign.
    pub fn must_win(&mut self, campaign: &Campaign) -> Outcome {
        let (voted, term) = (self.now(), campaign.term);
        if self.wait_for(voted + PATIENCE, |cluster| cluster.leads(term))? {
            return Ok(());
        }
        let sentence = format!(
            "{S0} campaigned in term {term} at {}, a majority of {} servers, {S0} among them, had \
             granted it their votes at {voted}, and {PATIENCE:?} later {}",
            campaign.began,
            self.servers().len(),
            self.said_in_words()
        );
        let hint = "with the votes of a majority of all servers a candidate is leader: it says so, \
             and sends heartbeats, and waits for no more replies (Raft paper, 5.2)";
        self.fail_anywhere(
            "a candidate with a majority leads at once",
            hint,
            Task::CountVotes,
            sentence,
        )
    }

    /// Expects that S0 does not lead this term in the next moments; they are few enough that it does
    /// not campaign again in the meantime.
    pub fn must_not_lead(&mut self, term: Term, because: &str) -> Outcome {
        let moments = (PATIENCE / 2).min(self.timing().election_timeout_min() / 6);
        if !self.wait_for(self.now() + moments, |cluster| cluster.leads(term))? {
            return Ok(());
        }
        let sentence = format!("{S0} leads term {term} at {}, though {because}", self.now());
        let hint = "a candidate wins with the votes of a majority of all servers of the cluster, \
             for the same term, and while it is a candidate (Raft paper, 5.2)";
        self.fail_anywhere(
            "no leader without a majority",
            hint,
            Task::CountVotes,
            sentence,
        )
    }

    /// Expects that S0 soon is in this term or a newer one, and leads and campaigns no more in any
    /// older one. `because` says how it learnt of it.
    pub fn must_adopt(&mut self, term: Term, because: &str) -> Outcome {
        let adopted = |cluster: &Cluster| cluster.said().is_some_and(|(now, _)| now >= term);
        if self.wait_for(self.now() + PATIENCE, adopted)? {
            return self.must_be_follower(term, because);
        }
        let sentence = format!("{because}, and at {} {}", self.now(), self.said_in_words());
        let hint = "if a request or reply contains a newer term, take it over and be a follower, \
             whatever you were (Raft paper, 5.1; Figure 2, 'All Servers')";
        self.fail_anywhere(
            "a newer term is taken over",
            hint,
            Task::NewerTerms,
            sentence,
        )
    }

    /// Expects that in this term S0 soon is a follower, unless it has moved on to a newer one.
    pub fn must_be_follower(&mut self, term: Term, because: &str) -> Outcome {
        let follows = |cluster: &Cluster| match cluster.said() {
            Some((now, role)) => now > term || role == Role::Follower,
            None => false,
        };
        if self.wait_for(self.now() + PATIENCE, follows)? {
            return Ok(());
        }
        let sentence = format!("{because}, and at {} {}", self.now(), self.said_in_words());
        let hint = "a leader or candidate that learns of a newer term is a follower, and so is a \
             candidate that hears the leader of its own term (Raft paper, 5.1 and 5.2; \
             Figure 4)";
        self.fail_anywhere(
            "leaders and candidates step down",
            hint,
            Task::NewerTerms,
            sentence,
        )
    }

    /// Expects that S0 is still what it was.
    pub fn must_still_be(&mut self, term: Term, role: Role, because: &str) -> Outcome {
        if self.said() == Some((term, role)) {
            return Ok(());
        }
        let sentence = format!(
            "{S0} was {role} of term {term}, {because}, and at {} {}",
            self.now(),
            self.said_in_words()
        );
        self.fail(
            "what is of an older term changes nothing",
            Task::NewerTerms,
            sentence,
        )
    }

    /// Expects that S0 has sent no heartbeat of this term after `stepped_down`, and sends none for
    /// two intervals.
    pub fn must_send_no_heartbeat(&mut self, term: Term, stepped_down: Time) -> Outcome {
        let until = self.now() + 2 * self.timing().heartbeat_interval() + LATE;
        let beats = |cluster: &Cluster| cluster.last_heartbeat(term) > Some(stepped_down);
        if !self.wait_for(until, beats)? {
            return Ok(());
        }
        let sentence = format!(
            "{S0} led term {term} until {stepped_down}, when it learnt of a newer one, and sent a \
             heartbeat of term {term} at {}",
            self.now()
        );
        self.fail(
            "who steps down sends no heartbeats",
            Task::NewerTerms,
            sentence,
        )
    }

    // ---- When it campaigns ----

    /// How early S0 may campaign: a server that lives in ticks may be a whole one early or late.
    pub fn early(&self) -> Duration {
        self.timing().election_timeout_step().max(EARLY)
    }

    /// For how long after a reset of its timer S0 surely does not campaign.
    pub fn surely_quiet(&self) -> Duration {
        (self.timing().election_timeout_min()).saturating_sub(self.early() + EARLY)
    }

    /// When S0 has campaigned at the latest, if its timer was last reset then.
    pub fn latest_campaign(&self, reset: Time) -> Time {
        let timing = self.timing();
        reset + timing.election_timeout_max() + timing.election_timeout_step() + LATE
    }

    /// Expects that S0's next campaign comes an election timeout after `reset`, when `what` reset its
    /// timer.
    pub fn must_campaign_after(
        &mut self,
        reset: Time,
        what: &str,
        task: Task,
    ) -> Outcome<Campaign> {
        self.must_campaign_between(reset, reset, what, task)
    }

    /// The same, where the timer was reset at one of two times.
    pub fn must_campaign_between(
        &mut self,
        first: Time,
        reset: Time,
        what: &str,
        task: Task,
    ) -> Outcome<Campaign> {
        let campaign = self.must_campaign_within(reset, what, task)?;
        let earliest = first + self.timing().election_timeout_min() - self.early();
        if campaign.began >= earliest {
            return Ok(campaign);
        }
        let after = campaign.began - first;
        let sentence = format!(
            "{S0}'s election timer was last reset by {what} at {first}, and it campaigned in term {} \
             at {}, {after:?} later; its shortest election timeout is {:?}",
            campaign.term,
            campaign.began,
            self.timing().election_timeout_min()
        );
        self.fail("a campaign waits for an election timeout", task, sentence)
    }

    /// Expects that S0 campaigns no later than an election timeout after `reset`, when `what` was the
    /// last to reset its timer.
    pub fn must_campaign_within(
        &mut self,
        reset: Time,
        what: &str,
        task: Task,
    ) -> Outcome<Campaign> {
        let latest = self.latest_campaign(reset);
        if let Some(campaign) = self.attempt_until(latest)?
            && campaign.began <= latest
        {
            return Ok(campaign);
        }
        let sentence = format!(
            "{S0}'s election timer was last reset by {what} at {reset}, and at {} it has not campaigned \
             in a newer term; its longest election timeout is {:?}",
            self.now(),
            self.timing().election_timeout_max()
        );
        self.fail("who hears of no leader campaigns in time", task, sentence)
    }

    /// Expects the same as [`must_campaign_after`](Cluster::must_campaign_after), although S0 is
    /// bothered again and again meanwhile, which is to reset nothing.
    pub fn must_campaign_despite(
        &mut self,
        reset: Time,
        what: &str,
        task: Task,
        mut bother: impl FnMut(&mut Cluster) -> Outcome,
    ) -> Outcome<Campaign> {
        let latest = self.latest_campaign(reset);
        let pause = self.timing().election_timeout_min() / 4;
        while self.now() + pause < latest {
            let next = self.now() + pause;
            if self.wait_for(next, Cluster::has_begun)? {
                break;
            }
            bother(self)?;
        }
        self.must_campaign_after(reset, what, task)
    }

    /// Lets time pass until then, and expects that S0 does not campaign.
    pub fn must_wait_until(&mut self, until: Time, because: &str, task: Task) -> Outcome {
        let Some(campaign) = self.attempt_until(until)? else {
            return Ok(());
        };
        let sentence = format!(
            "{S0} campaigned in term {} at {}, though {because}",
            campaign.term, campaign.began
        );
        self.fail("a campaign waits for an election timeout", task, sentence)
    }

    // ---- What it has done ----

    /// The votes that S0 has granted: in which term, to whom, and when that left.
    pub fn grants_left(&self) -> Vec<(Term, ServerId, Time)> {
        let story = self.watch().story().iter();
        let grants = story.filter_map(|record| match &record.what {
            Happening::Replied {
                from: S0,
                to,
                request: Request::RequestVote(args),
                reply: Reply::RequestVote(reply),
                ..
            } if reply.vote_granted && !args.pre_vote => Some((args.term, *to, record.at)),
            _ => None,
        });
        grants.collect()
    }
}

//! Why a script does not find what it expects: what was seen instead, and which task of the lab it
//! most likely belongs to.

use labrpc::{Happening, Seen, ServerId};
use raftapi::{Raft, Reply, Request, Role, Time};

use crate::cluster::Leader;
use crate::task::Task;
use crate::watch::Watch;
use crate::wording::ranges;

/// How often things happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Deadlines that passed.
    pub timeouts: u64,
    /// RequestVotes sent, pre-votes apart.
    pub votes_asked: u64,
    /// RequestVotes answered.
    pub votes_answered: u64,
    /// Grants delivered to the candidate.
    pub votes_granted: u64,
    /// AppendEntries sent to others.
    pub heartbeats: u64,
    /// AppendEntries that reached a server.
    pub heartbeats_delivered: u64,
    /// AppendEntries that were answered.
    pub heartbeats_answered: u64,
    /// Who sent the last of them, and in which term.
    pub last_heartbeat: Option<Leader>,
}

impl Activity {
    /// Counts the next event.
    #[inline]
    pub fn observe(&mut self, seen: &Seen<'_, Raft>) {
        match *seen {
            Happening::TimedOut { .. } => self.timeouts += 1,
            Happening::Sent {
                from, to, request, ..
            } => match request {
                Request::RequestVote(args) => self.votes_asked += u64::from(!args.pre_vote),
                Request::AppendEntries(args) => {
                    self.heartbeats += u64::from(from != to);
                    self.last_heartbeat = Some(Leader {
                        server: from,
                        term: args.term,
                    });
                }
                Request::TransferLeadership(_) | Request::TimeoutNow(_) => {}
            },
            Happening::RequestDelivered { request, .. } => {
                let heartbeat = matches!(request, Request::AppendEntries(_));
                self.heartbeats_delivered += u64::from(heartbeat);
            }
            Happening::Replied { reply, .. } => match reply {
                Reply::RequestVote(_) => self.votes_answered += 1,
                Reply::AppendEntries(_) => self.heartbeats_answered += 1,
                Reply::Transfer(_) => {}
            },
            Happening::ReplyDelivered {
                reply: Reply::RequestVote(reply),
                ..
            } => self.votes_granted += u64::from(reply.vote_granted),
            _ => {}
        }
    }
}

/// What was seen instead of a leader since `began`; `before` is what had happened until then.
pub fn no_leader(watch: &Watch, began: Time, before: &Activity) -> (String, Task) {
    let now = &watch.activity;
    if let Some(secret) = leads_in_secret(watch, before) {
        let Leader { server, term } = secret;
        let text = format!(
            "{server} sends AppendEntries of term {term}, but has not published that it is leader"
        );
        return (text, Task::CountVotes);
    }
    if now.votes_asked == before.votes_asked {
        return match now.timeouts == before.timeouts {
            true => (
                format!("{} waited and nobody campaigned", who(watch)),
                Task::ElectionTimer,
            ),
            false => (
                format!("deadlines of {} passed, and nobody campaigned", who(watch)),
                Task::Campaign,
            ),
        };
    }
    let elections = watch.statistics.elections().iter();
    let held: Vec<_> = elections.filter(|e| e.began >= began).collect();
    let split = held.iter().filter(|e| e.is_split()).count();
    let terms = match held[..] {
        [] => "somebody campaigned who could not win".to_string(),
        [one] => format!("nobody won the election of term {}", one.term),
        [first, .., last] => {
            format!(
                "nobody won the elections of terms {} to {}",
                first.term, last.term
            )
        }
    };
    if now.votes_answered == before.votes_answered {
        let text = format!("{terms}; not one RequestVote was answered");
        return (text, Task::AnswerRequestVote);
    }
    if split > 0 && 2 * split >= held.len() {
        let text = format!("{terms}; {split} of {} split the vote", held.len());
        return (text, Task::FreshTimeouts);
    }
    if now.votes_granted == before.votes_granted {
        let text = format!("{terms}; not one vote was granted");
        return (text, Task::AnswerRequestVote);
    }
    let granted = now.votes_granted - before.votes_granted;
    let text = format!("{terms}, though {granted} votes were granted");
    (text, Task::CountVotes)
}

/// A connected server that sends AppendEntries of a term in which it has not published to lead.
fn leads_in_secret(watch: &Watch, before: &Activity) -> Option<Leader> {
    let last = watch.activity.last_heartbeat?;
    let sent = watch.activity.heartbeats > before.heartbeats;
    let status = watch.view.status(last.server);
    let said = status.is_some_and(|s| s.term > last.term || s.role == Role::Leader);
    (sent && !said && watch.view.is_connected(last.server)).then_some(last)
}

/// All connected servers, in a few characters.
fn who(watch: &Watch) -> String {
    let servers: Vec<ServerId> = watch.view.connected().collect();
    match servers[..] {
        [] => "no server is connected; they".to_string(),
        _ => ranges(&servers),
    }
}

/// What has become of a leader that nothing should have disturbed since `before`.
pub fn unseated(watch: &Watch, leader: Leader, before: &Activity) -> (String, Task) {
    let Leader { server, term } = leader;
    let now = match watch.view.status(server) {
        Some(s) if (s.role, s.term) == (Role::Leader, term) => {
            "another server leads now".to_string()
        }
        Some(s) => format!("it is {} of term {} now", s.role, s.term),
        None => "it is down".to_string(),
    };
    let campaign = watch.statistics.elections().last();
    let Some(campaign) = campaign.filter(|e| e.term > term) else {
        return (now, Task::NewerTerms);
    };
    let candidate = campaign.candidates[0];
    let text = format!(
        "{now}; {candidate} campaigned in term {} at {}",
        campaign.term, campaign.began
    );
    let text = match watch.activity.heartbeats == before.heartbeats {
        true => format!("{text}, and no heartbeat was sent"),
        false => format!("{text}, though heartbeats were sent"),
    };
    (text, Task::Heartbeats)
}

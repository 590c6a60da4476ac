//! What a picture of a run is made of. Read off a trace by [`read`](fn@super::read), drawn by the page,
//! the SVG and the text, which know nothing else. As JSON it is what the page holds.
//!
//! Times are nanoseconds since the run began, servers are their numbers.
//!
//! As JSON, structures are objects with these names, but for two things that keep a run of 100,000
//! events small: an [`Event`] is an array, `[at, server, about, text, message]`; and what stands here
//! under `skip_serializing_if` is left out when there is nothing to say.

use serde::Serialize;

/// A run, to be drawn.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// The run's name.
    pub run: String,
    /// The run's seed.
    pub seed: u64,
    /// What the servers declare, in a line; may be empty.
    pub about: String,
    /// When the trace begins: not 0 if only the end of a run was kept.
    pub begin: u64,
    /// When it ends.
    pub end: u64,
    /// One for each server, S0 first.
    pub lanes: Vec<Lane>,
    /// All messages, in the order in which they were sent.
    pub messages: Vec<Message>,
    /// Directed links that carried nothing for a while.
    pub cuts: Vec<Cut>,
    /// In the order in which they began.
    pub elections: Vec<Election>,
    /// What a lecture asks before it shows it, in order of time.
    pub moments: Vec<Moment>,
    /// What the scenario has to say.
    pub notes: Vec<Note>,
    /// What was found to be wrong, at the end of the run.
    pub broken: Option<Broken>,
    /// Everything that happened, in the order of the trace: a table for those who cannot see the
    /// picture.
    pub events: Vec<Event>,
    /// What messages say, whole, and what events are, in a few words: [`Message::whole`] and
    /// [`Event::text`] count them.
    pub texts: Vec<String>,
}

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its beginning.
    pub begin: u64,
    /// Its end.
    pub end: u64,
}

/// What happened to one server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Lane {
    /// What it was, as it published; nothing while it was down or had not said so.
    pub roles: Vec<InRole>,
    /// Its election timer, reset by reset. A leader has none.
    pub timers: Vec<Timer>,
    /// While it was down: before its start, and from each crash to the next start.
    pub down: Vec<Span>,
    /// While it was cut off from all others.
    pub isolated: Vec<Span>,
    /// When it started again after a crash, not its first start.
    pub restarts: Vec<u64>,
    /// When it crashed.
    pub crashes: Vec<u64>,
    /// What was safe on its disk, and since when.
    pub saved: Vec<Saved>,
    /// Whether a script played it by hand: then it has no role and no timer.
    pub by_hand: bool,
}

/// A server in a role of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InRole {
    /// Since when.
    pub begin: u64,
    /// Until when.
    pub end: u64,
    /// Which role.
    pub role: Role,
    /// Of which term.
    pub term: u64,
}

/// [`raftapi::Role`], as the page calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A follower.
    Follower,
    /// It asks whether it would be elected.
    PreCandidate,
    /// A candidate.
    Candidate,
    /// A leader.
    Leader,
}

/// One run of an election timer, from a reset to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Timer {
    /// When it was reset.
    pub begin: u64,
    /// When it was to run out: the bar runs from full at `begin` to empty here. None if that is not
    /// known, of a timer that is `inferred`; any other that has none never runs out: the server
    /// waits for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
    /// When it did, or was reset again, or stopped.
    pub end: u64,
    /// What reset it.
    pub reset_by: ResetBy,
    /// The message that reset it, a heartbeat or a RequestVote that was granted: an index into
    /// [`Timeline::messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<u32>,
    /// How it ended.
    pub ended_by: EndedBy,
    /// Not seen but concluded: the server does not wait for its election timer (it wakes at every
    /// tick, say) and does not publish it, so `due` is when it was seen to campaign. Drawn dashed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

/// What resets an election timer (Figure 2), and what should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetBy {
    /// The server started.
    Start,
    /// A heartbeat of the current term's leader.
    Heartbeat,
    /// It granted its vote.
    Grant,
    /// It began an election, or a pre-vote.
    Campaign,
    /// It was leader, and is no longer.
    SteppedDown,
    /// Something else: no rule of Figure 2 says so.
    Other,
}

/// How a run of an election timer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// It ran out, and the server campaigned.
    Fired,
    /// It was reset.
    Reset,
    /// The server was elected.
    Elected,
    /// The server crashed.
    Crashed,
    /// The trace ends.
    End,
}

/// What a server had saved when a write was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Saved {
    /// When.
    pub at: u64,
    /// The term.
    pub term: u64,
    /// For whom it had voted in that term.
    pub vote: Option<u32>,
}

/// A message, from its sending to its arrival or loss.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its number in the trace.
    pub number: u64,
    /// Its sender.
    pub from: u32,
    /// Its receiver.
    pub to: u32,
    /// What it is.
    pub kind: Kind,
    /// Its term.
    pub term: u64,
    /// When it was sent; none if that was before the trace begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// When it arrived: twice, if it was duplicated; never, if it was lost or is under way still.
    pub arrived: Vec<u64>,
    /// When and why it was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<(u64, &'static str)>,
    /// For a reply, the message that it answers: an index into [`Timeline::messages`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<u32>,
    /// What it says, whole: an index into [`Timeline::texts`].
    pub whole: u32,
}

/// The kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// RequestVote.
    Vote,
    /// The same as a pre-vote.
    PreVote,
    /// A granted vote.
    Grant,
    /// A refused vote.
    Refusal,
    /// A granted pre-vote.
    PreGrant,
    /// A refused pre-vote.
    PreRefusal,
    /// AppendEntries.
    Heartbeat,
    /// Its answer: success.
    Ok,
    /// Its answer: no success.
    NotOk,
    /// Of a leadership transfer, and its answers.
    Transfer,
}

/// A directed link that carries nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// Its beginning.
    pub from: u32,
    /// Its end.
    pub to: u32,
    /// Since when.
    pub begin: u64,
    /// Until when.
    pub end: u64,
}

/// The campaigns of one term.
#[derive(Clone, Debug, Serialize)]
pub struct Election {
    /// The term.
    pub term: u64,
    /// When the first server campaigned.
    pub begin: u64,
    /// When it was decided: a leader was there, or the next term began, or the trace ended.
    pub end: u64,
    /// Who campaigned, and when, in that order.
    pub candidates: Vec<(u32, u64)>,
    /// Who granted whom, and when the grant left. A candidate's own vote is not listed.
    pub grants: Vec<(u32, u32, u64)>,
    /// Who won, and when.
    pub won: Option<(u32, u64)>,
    /// Several campaigned and nobody won.
    pub split: bool,
}

/// What a lecture asks before it shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// Where play stops: shortly before what is asked about.
    pub at: u64,
    /// Where the answer can be seen.
    pub shown: u64,
    /// The question.
    pub question: String,
    /// What may be answered.
    pub choices: Vec<String>,
    /// Which of them is right.
    pub answer: usize,
    /// Why.
    pub why: String,
}

/// Something said about a time.
#[derive(Clone, Debug, Serialize)]
pub struct Note {
    /// When.
    pub at: u64,
    /// What: all that was said at this time, with `; ` between.
    pub text: String,
    /// Whether it only says that something came as expected, or did not: others come first where
    /// there is no room for all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub expected: bool,
}

/// A broken rule.
#[derive(Clone, Debug, Serialize)]
pub struct Broken {
    /// When.
    pub at: u64,
    /// The finding, as a sentence.
    pub finding: String,
    /// The server that the sentence begins with, if it does.
    pub server: Option<u32>,
}

/// A line of the table. As JSON it is an array of these fields, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "(u64, Option<u32>, About, u32, Option<u32>)")]
pub struct Event {
    /// When.
    pub at: u64,
    /// Whose, if anybody's.
    pub server: Option<u32>,
    /// What it is about.
    pub about: About,
    /// In a few words: an index into [`Timeline::texts`].
    pub text: u32,
    /// The message, if it is one: an index into [`Timeline::messages`].
    pub message: Option<u32>,
}

impl From<Event> for (u64, Option<u32>, About, u32, Option<u32>) {
    fn from(event: Event) -> Self {
        let Event {
            at,
            server,
            about,
            text,
            message,
        } = event;
        (at, server, about, text, message)
    }
}

/// What an event is about, for filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A heartbeat or its answer.
    Heartbeat,
    /// A vote, a pre-vote or its answer.
    Vote,
    /// Any other message.
    Message,
    /// A deadline that is set or passes.
    Timer,
    /// Term or role.
    Role,
    /// A write to the disk.
    Disk,
    /// A start, a crash, a link that is cut: what is done to the cluster.
    Fault,
    /// A note, a broken rule.
    Note,
}

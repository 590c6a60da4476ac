//! What a scenario says, read and understood.

use std::time::Duration;

use labrpc::{ActionKind, Delay, LinkFaults, ServerId};
use raftapi::{Features, Stable, Time, Timing};

use super::condition::Condition;

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without folder and ending: the run's name.
    pub name: String,
    pub servers: usize,
    /// The seed that it is played with, unless another is asked for.
    pub seed: u64,
    pub timing: Timing,
    pub features: Features,
    /// Who runs from the beginning.
    pub starters: Vec<ServerId>,
    /// Disks that are not empty at the beginning.
    pub disks: Vec<(ServerId, Stable)>,
    pub steps: Vec<Step>,
    /// How long it takes at least.
    pub lasts: Time,
}

/// A line of a scenario.
#[derive(Clone, Debug)]
pub struct Step {
    pub line: usize,
    /// The line as it stands there, its comment apart.
    pub text: String,
    pub when: When,
    pub what: Option<Statement>,
}

/// When a line's turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After the one before it.
    Next,
    /// At this time of the run.
    At(Time),
    /// So long after the one before it.
    After(Duration),
}

#[derive(Clone, Debug)]
pub enum Statement {
    /// Lets time pass.
    Run(Duration),
    Wait(Condition, Duration),
    Expect(Condition, Pace),
    Note(String),
    Start(Whom),
    Crash(Whom),
    /// Inside a step: after so many actions of this kind.
    CrashAfter(Who, ActionKind, u32),
    Cut(Vec<Link>),
    Heal(Vec<Link>),
    HealAll,
    Partition(Vec<Vec<Who>>),
    Isolate(Whom),
    Rejoin(Whom),
    /// All links.
    Net(Vec<LinkChange>),
    Link(Link, Vec<LinkChange>),
    Disk(Whom, Delay),
    /// In millionths of true time.
    Clock(Whom, u64),
    Slow(Whom, Slowness),
    Transfer(Who),
}

/// How an expectation looks at time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It is so now.
    Now,
    /// It becomes so, in at most this time.
    Within(Duration),
    /// It becomes so, at the latest at this time of the run.
    By(Time),
    /// It stays so for this time.
    For(Duration),
}

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Server(ServerId),
    /// Whoever says now that it is leader, and is not cut off; of several, that of the highest term.
    Leader,
    /// Whom 'leader' meant when something was last done to it.
    OldLeader,
    /// The follower with the lowest number, of those that are not cut off.
    Follower,
}

/// Some servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    All,
    Each(Vec<Who>),
}

/// Directed links: from each of these to each of those.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub from: Whom,
    pub to: Whom,
    pub both_ways: bool,
}

/// What becomes of a slow server's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowness {
    /// Its steps, its disk's writes and the messages that it sends take so many thousandths of
    /// their usual time.
    Times(u64),
    /// Each of its steps takes this long.
    By(Delay),
}

/// A knob of a link, turned.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkChange {
    Preset(LinkFaults),
    RequestDelay(Delay),
    ReplyDelay(Delay),
    RequestLoss(f64),
    ReplyLoss(f64),
    Duplication(f64),
    Reordering(f64),
    ReorderingDelay(Delay),
    UnreachableDelay(Delay),
    LateDelivery(f64),
}

impl LinkChange {
    pub fn apply(&self, link: &mut LinkFaults) {
        match *self {
            LinkChange::Preset(ref preset) => *link = preset.clone(),
            LinkChange::RequestDelay(delay) => link.request_delay = delay,
            LinkChange::ReplyDelay(delay) => link.reply_delay = delay,
            LinkChange::RequestLoss(probability) => link.request_loss = probability,
            LinkChange::ReplyLoss(probability) => link.reply_loss = probability,
            LinkChange::Duplication(probability) => link.duplication = probability,
            LinkChange::Reordering(probability) => link.reordering = probability,
            LinkChange::ReorderingDelay(delay) => link.reordering_delay = delay,
            LinkChange::UnreachableDelay(delay) => link.unreachable_delay = delay,
            LinkChange::LateDelivery(probability) => link.late_delivery = probability,
        }
    }
}

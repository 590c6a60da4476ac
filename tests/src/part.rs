//! The parts of the suite: what is taught together is tested and charged together.

use raftapi::Features;

/// A part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Whoever fails this scores nothing.
    Basics,
    /// The Go lab's three tests.
    Classic,
    /// Whom a server votes for, and which votes count.
    Votes,
    /// The numbers that a server declares.
    Numbers,
    /// When timers are reset, and to what.
    Timers,
    /// Elections in which all timers start together.
    SplitVotes,
    /// A network that loses, delays, reorders, repeats.
    Unreliable,
    /// Servers that die and come back.
    Crashes,
    /// Networks that are cut in pieces.
    Partitions,
    /// Logs that are behind.
    Restriction,
    /// Many servers, and much time.
    Scale,
    /// On threads, by the wall clock.
    RealTime,
    /// What goes beyond plain Raft, for servers that declare it.
    Extra,
}

impl Part {
    /// All parts, in order.
    pub const ALL: [Part; 13] = [
        Part::Basics,
        Part::Classic,
        Part::Votes,
        Part::Numbers,
        Part::Timers,
        Part::SplitVotes,
        Part::Unreliable,
        Part::Crashes,
        Part::Partitions,
        Part::Restriction,
        Part::Scale,
        Part::RealTime,
        Part::Extra,
    ];

    /// Its name, which is the name of the module that `cargo test` shows its tests in.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Basics => "basics",
            Part::Classic => "classic",
            Part::Votes => "votes",
            Part::Numbers => "numbers",
            Part::Timers => "timers",
            Part::SplitVotes => "split_votes",
            Part::Unreliable => "unreliable",
            Part::Crashes => "crashes",
            Part::Partitions => "partitions",
            Part::Restriction => "restriction",
            Part::Scale => "scale",
            Part::RealTime => "real_time",
            Part::Extra => "extra",
        }
    }
}

/// Something beyond plain Raft that a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// See [`Features::pre_vote`].
    PreVote,
    /// See [`Features::check_quorum`].
    CheckQuorum,
    /// See [`Features::lease`].
    Lease,
    /// See [`Features::transfer`].
    Transfer,
}

impl Feature {
    /// Its name, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Feature::PreVote => "PreVote",
            Feature::CheckQuorum => "CheckQuorum",
            Feature::Lease => "a leader lease",
            Feature::Transfer => "leadership transfer",
        }
    }

    /// Whether a server with these features has it.
    pub fn is_declared(self, features: &Features) -> bool {
        match self {
            Feature::PreVote => features.pre_vote.is_some(),
            Feature::CheckQuorum => features.check_quorum,
            Feature::Lease => features.lease,
            Feature::Transfer => features.transfer,
        }
    }
}

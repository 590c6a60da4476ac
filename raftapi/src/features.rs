//! What a server does beyond plain Raft, and by which custom.

/// What a server declares that it does beyond plain Raft. The default is plain Raft.
///
/// Raft's rules bind every server; these are its own choices, and it is held to them. A
/// declaration changes only the rule that it must change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// It asks whether it would be elected before it campaigns (thesis 9.6).
    pub pre_vote: Option<PreVote>,
    /// As a leader it steps down when it has not heard from a majority for an election timeout
    /// (thesis 6.2).
    pub check_quorum: bool,
    /// It neither votes nor takes over a candidate's newer term within the minimum election timeout
    /// of hearing from a leader (thesis 4.2.3).
    pub lease: bool,
    /// It hands its leadership over when asked to (thesis 3.10).
    pub transfer: bool,
    /// When it draws a new election timeout.
    pub redraw: Redraw,
}

/// When a pre-vote is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreVote {
    /// To a log that is behind, and by whoever has heard from a leader within the minimum election
    /// timeout (thesis 9.6).
    Thesis,
    /// To a log that is behind. Whoever hears from a leader grants it all the same, unless it has a
    /// lease: etcd and raft-rs, where it is meant to go with CheckQuorum.
    Etcd,
}

/// When a server draws a new election timeout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Redraw {
    /// Whenever the election timer is reset, and only a heartbeat, a grant or an own campaign
    /// resets it (6.824, lecture 6; Figure 2).
    #[default]
    AtEachReset,
    /// etcd's custom: whenever its term or role changes, which restarts the election timer, too. A
    /// heartbeat or a grant restarts it with the same timeout as before.
    OnStateChange,
}

impl Features {
    /// Plain Raft.
    pub const PLAIN: Features = Features {
        pre_vote: None,
        check_quorum: false,
        lease: false,
        transfer: false,
        redraw: Redraw::AtEachReset,
    };
}

//! What a server may do beyond plain Raft.

use raftapi::{Features, PreVote, Redraw};

/// What a server does beyond plain Raft. The default is plain Raft.
///
/// PreVote goes with CheckQuorum: alone, it keeps a leader that has lost its majority but is still
/// heard by those whose votes count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// It asks whether it would be elected before it campaigns (thesis 9.6).
    pub pre_vote: Option<PreVote>,
    /// As a leader it steps down when it has not heard from a majority for an election timeout
    /// (thesis 6.2), and whoever hears a leader ignores candidates (thesis 4.2.3).
    pub check_quorum: bool,
    /// It hands its leadership over when asked to (thesis 3.10).
    pub transfer: bool,
    /// When it draws a new election timeout.
    pub redraw: Redraw,
}

impl Options {
    /// What a server with these options declares.
    pub(crate) fn features(self) -> Features {
        Features {
            pre_vote: self.pre_vote,
            check_quorum: self.check_quorum,
            lease: self.check_quorum,
            transfer: self.transfer,
            redraw: self.redraw,
        }
    }
}

//! What a server does beyond plain Raft, and by which custom.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a server declares that it does beyond plain Raft. The default is plain Raft.
///
/// Raft's rules bind every server; these are its own choices, and it is held to them. A
/// declaration changes only the rule that it must change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PreVote {
    /// To a log that is behind, and by whoever has heard from a leader within the minimum election
    /// timeout (thesis 9.6).
    Thesis,
    /// To a log that is behind. Whoever hears from a leader grants it all the same, unless it has a
    /// lease: etcd and raft-rs, where it is meant to go with CheckQuorum.
    Etcd,
}

/// When a server draws a new election timeout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redraw {
    /// Whenever the election timer is reset, and only a heartbeat, a grant or an own campaign
    /// resets it (6.824, lecture 6; Figure 2).
    #[default]
    AtEachReset,
    /// etcd's custom: whenever its term or role changes, which restarts the election timer, too. A
    /// heartbeat or a grant restarts it with the same timeout as before.
    OnStateChange,
    /// Once, when it starts: what the lecture warns of, for two servers that drew alike split one vote
    /// after the other. The assignment does not accept it, and holds whoever declares it to
    /// `AtEachReset`; experiments show what comes of it.
    Once,
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

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pre_vote = match self.pre_vote {
            None => "",
            Some(PreVote::Thesis) => "PreVote",
            Some(PreVote::Etcd) => "PreVote as in etcd",
        };
        let redraw = match self.redraw {
            Redraw::AtEachReset => "",
            Redraw::OnStateChange => "timeouts drawn when term or role changes",
            Redraw::Once => "timeouts drawn once",
        };
        let named = |declared: bool, name: &'static str| if declared { name } else { "" };
        let all = [
            pre_vote,
            named(self.check_quorum, "CheckQuorum"),
            named(self.lease, "lease"),
            named(self.transfer, "leadership transfer"),
            redraw,
        ];
        let mut declared = all.iter().filter(|name| !name.is_empty());
        f.write_str(declared.next().unwrap_or(&"plain Raft"))?;
        declared.try_for_each(|name| write!(f, ", {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_declared_reads_as_a_list() {
        assert_eq!(Features::PLAIN.to_string(), "plain Raft");
        let features = Features {
            pre_vote: Some(PreVote::Etcd),
            check_quorum: true,
            lease: true,
            transfer: false,
            redraw: Redraw::OnStateChange,
        };
        assert_eq!(
            features.to_string(),
            "PreVote as in etcd, CheckQuorum, lease, timeouts drawn when term or role changes"
        );
    }
}

//! The election suite, on the reference: in virtual time and in real time; with options, in virtual
//! time.

use raft::Options;
use raftapi::{PreVote, Timing};

const PRE_VOTE: Options = Options {
    pre_vote: Some(PreVote::Thesis),
    check_quorum: false,
    transfer: false,
};

const ALL: Options = Options {
    check_quorum: true,
    transfer: true,
    ..PRE_VOTE
};

suite::tests!(raft::server(Timing::LAB), real_time);

mod with_all_options {
    use super::{ALL, Timing};
    suite::tests!(raft::server_with(Timing::LAB, ALL));
}

mod with_pre_vote_alone {
    use super::{PRE_VOTE, Timing};
    suite::tests!(raft::server_with(Timing::LAB, PRE_VOTE));
}

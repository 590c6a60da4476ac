//! The election suite, on the reference: in virtual time and in real time; and with all options.

use raftapi::Timing;

suite::tests!(raft::server(Timing::LAB), real_time);

mod with_all_options {
    use super::Timing;
    use raft::Options;
    use raftapi::{PreVote, Redraw};

    const ALL: Options = Options {
        pre_vote: Some(PreVote::Thesis),
        check_quorum: true,
        transfer: true,
        redraw: Redraw::AtEachReset,
    };

    suite::tests!(raft::server_with(Timing::LAB, ALL), extra);
}

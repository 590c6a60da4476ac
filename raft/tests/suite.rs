//! The election suite, on the reference: in virtual time and in real time.

suite::tests!(raft::server(raftapi::Timing::LAB), real_time);

//! The election suite, on the reference.

suite::tests!(raft::server(raftapi::Timing::LAB));

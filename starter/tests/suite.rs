//! The election suite, on your server.

suite::tests!(starter::server(raftapi::Timing::LAB));

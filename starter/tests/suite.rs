//! The election suite, on your server. For extra credit, after the server: `, extra`.

suite::tests!(starter::server(raftapi::Timing::LAB));

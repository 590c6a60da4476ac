//! Easier.

#[test]
fn initial_election() {}

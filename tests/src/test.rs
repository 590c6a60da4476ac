//! What a test is.

use std::time::Duration;

use labrpc::Faults;

use crate::cluster::Cluster;
use crate::finding::Outcome;

/// One test of the suite: a script, and where it is played.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name, as `cargo test` shows it.
    pub name: &'static str,
    /// What it shows, in a line.
    pub description: &'static str,
    /// How many servers there are.
    pub servers: usize,
    /// What is wrong with the network and the machines.
    pub faults: Faults,
    /// How much virtual time it may take.
    pub limit: Duration,
    /// What is done to the cluster, and expected of it. All servers are up when it begins.
    pub script: fn(&mut Cluster) -> Outcome,
}

//! The reference, with all its presets and options.

use raftapi::Timing;
use suite::part::Part;

use crate::Variant;

/// The reference with each timing.
pub fn variants() -> Vec<Variant> {
    vec![
        Variant::new(
            "reference-lab",
            raft::server(Timing::LAB),
            "the reference with the lab's timing",
        ),
        Variant::new(
            "reference-paper",
            raft::server(Timing::PAPER),
            "the paper's 150-300 ms: right by Raft, but the assignment forbids 13 heartbeats a second",
        )
        .but_for(&[Part::Numbers]),
        Variant::new(
            "reference-etcd",
            raft::server(Timing::ETCD),
            "etcd's numbers, drawn afresh at each reset",
        ),
    ]
}

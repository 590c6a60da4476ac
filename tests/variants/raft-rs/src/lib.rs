//! raft-rs, the Rust port of etcd's library, as a server of this laboratory.
//!
//! Its `RawNode` is driven by ticks and messages, as `server.rs` does; `wire.rs` says which of its
//! messages is which of ours. It replicates logs, and here logs do not change: the empty entry that
//! it appends when it is elected is taken back before anybody sees it, so its log is what the disk
//! held, and of its MsgAppend only those that announce a new leader leave, as first heartbeats.
//! Where a peer's log differs it would send entries after each heartbeat's answer; to the library
//! these are lost on the way, and it tries again with the next.

mod server;
mod wire;

use raftapi::Server;
use variants::Variant;
use variants::soak::Soak;
use variants::ticks::Settings;

/// The soak of these.
pub const SOAK: Soak = Soak {
    invocation: "cargo run --release --manifest-path tests/variants/raft-rs/Cargo.toml --",
};

/// raft-rs with etcd's numbers and the assignment's, with each combination of its options.
pub fn all() -> Vec<Variant> {
    let variant = |name, settings: Settings, description| {
        let server = Server::new(settings.timing(), move |ctx| server::run(ctx, settings));
        Variant::new(name, server.with_features(settings.features()), description)
    };
    let (etcd, lab) = (Settings::ETCD, Settings::LAB);
    let with = |settings: Settings, pre_vote, check_quorum| Settings {
        pre_vote,
        check_quorum,
        ..settings
    };
    vec![
        variant("raft-rs-etcd", etcd, "etcd's numbers"),
        variant(
            "raft-rs-etcd-all",
            with(etcd, true, true),
            "etcd's numbers, PreVote, CheckQuorum and lease: etcd's default",
        ),
        variant("raft-rs", lab, "within the assignment's numbers"),
        variant("raft-rs-prevote", with(lab, true, false), "PreVote"),
        variant(
            "raft-rs-quorum",
            with(lab, false, true),
            "CheckQuorum and lease",
        ),
        variant(
            "raft-rs-all",
            with(lab, true, true),
            "PreVote, CheckQuorum and lease",
        ),
    ]
}

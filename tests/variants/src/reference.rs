//! The reference, with all its presets and options.

use raft::Options;
use raftapi::{PreVote, Redraw, Timing};
use suite::part::Part;

use crate::Variant;

/// A timing's name, the timing, and parts of the suite that are not for whoever declares it.
type Preset = (&'static str, Timing, &'static [Part]);

const PRESETS: [Preset; 3] = [
    ("lab", Timing::LAB, &[]),
    // 75 ms are right by Raft, but the assignment forbids 13 heartbeats a second.
    ("paper", Timing::PAPER, &[Part::Numbers]),
    ("etcd", Timing::ETCD, &[]),
];

const PRE_VOTES: [(&str, Option<PreVote>); 3] = [
    ("", None),
    ("-thesis", Some(PreVote::Thesis)),
    ("-etcd", Some(PreVote::Etcd)),
];

/// The reference with each timing and every combination of options.
pub fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for (preset, timing, exempt) in PRESETS {
        for (pre_vote_name, pre_vote) in PRE_VOTES {
            for check_quorum in [false, true] {
                for transfer in [false, true] {
                    let quorum_name = if check_quorum { "-quorum" } else { "" };
                    let transfer_name = if transfer { "-transfer" } else { "" };
                    let options = Options {
                        pre_vote,
                        check_quorum,
                        transfer,
                        redraw: Redraw::AtEachReset,
                    };
                    variants.push(
                        Variant::new(
                            format!(
                                "reference-{preset}{pre_vote_name}{quorum_name}{transfer_name}"
                            ),
                            raft::server_with(timing, options),
                            "the reference with these options",
                        )
                        .but_for(exempt),
                    );
                }
            }
        }
    }
    variants
}

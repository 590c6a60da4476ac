//! The reference, with all its presets and options.

use raft::Options;
use raftapi::{PreVote, Redraw, Timing};
use suite::part::Part;

use crate::Variant;

/// A timing's name, the timing, parts of the suite that are not for whoever declares it, and by which
/// customs its timeouts are drawn.
type Preset = (&'static str, Timing, &'static [Part], &'static [Custom]);
type Custom = (&'static str, Redraw);

const PRESETS: [Preset; 3] = [
    ("lab", Timing::LAB, &[], &PLAIN),
    // 75 ms are right by Raft, but the assignment forbids 13 heartbeats a second.
    ("paper", Timing::PAPER, &[Part::Numbers], &PLAIN),
    ("etcd", Timing::ETCD, &[], &CUSTOMS),
];

const PLAIN: [Custom; 1] = [("", Redraw::AtEachReset)];
const CUSTOMS: [Custom; 2] = [PLAIN[0], ("-redraws_on_change", Redraw::OnStateChange)];

const PRE_VOTES: [(&str, Option<PreVote>); 3] = [
    ("", None),
    ("-thesis", Some(PreVote::Thesis)),
    ("-etcd", Some(PreVote::Etcd)),
];

/// The reference with each timing and every combination of options.
pub fn variants() -> Vec<Variant> {
    let mut variants = Vec::new();
    for (preset, timing, exempt, customs) in PRESETS {
        for (name, options) in all_options(customs) {
            variants.push(
                Variant::new(
                    format!("reference-{preset}{name}"),
                    raft::server_with(timing, options),
                    "the reference with these options",
                )
                .but_for(exempt),
            );
        }
    }
    variants
}

/// Every combination of options, and its name.
fn all_options(customs: &[Custom]) -> Vec<(String, Options)> {
    let mut all = Vec::new();
    for (pre_vote_name, pre_vote) in PRE_VOTES {
        for &(redraw_name, redraw) in customs {
            for check_quorum in [false, true] {
                for transfer in [false, true] {
                    let quorum_name = if check_quorum { "-quorum" } else { "" };
                    let transfer_name = if transfer { "-transfer" } else { "" };
                    let options = Options {
                        pre_vote,
                        check_quorum,
                        transfer,
                        redraw,
                    };
                    let name = format!("{pre_vote_name}{quorum_name}{transfer_name}{redraw_name}");
                    all.push((name, options));
                }
            }
        }
    }
    all
}

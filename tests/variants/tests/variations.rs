//! Fewer servers and a network without faults: what a test expects then, every correct server does. A failure
//! that is shown with fewer servers is a failure.

use suite::part::Part;
use suite::play::{Mode, play};
use suite::test::{Test, Variation};
use variants::{Variant, all};

/// Plain Raft in the reference's manner, and in two others; everything that the thesis has.
const VARIANTS: [&str; 4] = [
    "reference-lab",
    "reference-etcd-thesis-quorum-transfer",
    "poller-20",
    "mutex",
];

const SEEDS: u64 = 2;

/// With more it is much the same.
const MOST_SERVERS: usize = 7;

#[test]
fn every_correct_server_passes_the_variations_of_a_test() {
    let variants: Vec<Variant> = VARIANTS.map(named).into();
    for test in suite::all() {
        if test.part == Part::Scale {
            continue; // for hours
        }
        for variation in test.variations(MOST_SERVERS) {
            if variation == Variation::default() {
                continue; // the suite itself
            }
            let varied = test.varied(&variation).unwrap();
            for variant in variants.iter().filter(|variant| variant.takes(&test)) {
                passes(variant, &varied, &variation);
            }
        }
    }
}

fn named(name: &str) -> Variant {
    let found = all().into_iter().find(|variant| variant.name == name);
    found.unwrap_or_else(|| panic!("there is no variant '{name}'"))
}

fn passes(variant: &Variant, test: &Test, variation: &Variation) {
    for seed in 0..SEEDS {
        let played = play(&variant.server, test, seed, Mode::default());
        if let Some(finding) = played.finding {
            let (name, path, said) = (&variant.name, test.path(), finding.sentence);
            panic!("{name}, {path}, {variation:?}, seed {seed}: {said}");
        }
    }
}

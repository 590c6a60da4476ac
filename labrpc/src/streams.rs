//! All randomness of a run, from one seed.
//!
//! A run's seed and name make one ChaCha8 key; from it come a key for the servers and another for
//! the network, so that no server can compute the network's draws from its own. Each server start
//! has a ChaCha8 stream. Each link has a *counter-based* SplitMix64: draw `p` of the link's `m`-th
//! message is a function of (link, m, p) alone. So a change of one server's behaviour, or of one
//! knob, reshuffles nothing else; and a link's whole state is one counter.

use rand::rand_core::block::{BlockRng, Generator};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

use crate::ServerId;

/// The named random streams of one run.
#[derive(Clone, Debug)]
pub struct Streams {
    servers: [u8; 32],
    network: u64,
    script: u64,
}

impl Streams {
    /// The streams of the run called `name` with this seed. Two runs of one seed and different
    /// names have nothing in common.
    pub fn new(seed: u64, name: &str) -> Streams {
        let mut key = *b"election laboratory, streams v1.";
        for (byte, word) in key.iter_mut().zip(seed.to_le_bytes()) {
            *byte ^= word;
        }
        for (byte, word) in key[8..].iter_mut().zip(fnv1a(name).to_le_bytes()) {
            *byte ^= word;
        }
        let mut root = ChaCha8Rng::from_seed(key);
        let mut servers = [0; 32];
        root.fill_bytes(&mut servers);
        Streams {
            servers,
            network: root.next_u64(),
            script: root.next_u64(),
        }
    }

    /// A server's own stream. Each start of a server has a fresh one.
    pub fn server(&self, server: ServerId, start: u32) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::from_seed(self.servers);
        rng.set_stream((server.index() as u64) << 32 | u64::from(start));
        rng
    }

    /// The stream of whoever directs the run: which servers a test crashes, and when.
    pub fn script(&self) -> Draws {
        Draws(mix(self.script))
    }

    /// Draws for the `message`-th message on a directed link.
    pub(crate) fn link(&self, from: ServerId, to: ServerId, message: u32) -> Draws {
        let link = (from.index() as u64) << 32 | to.index() as u64;
        Draws(
            mix(self.network ^ mix(link))
                .wrapping_add(GAMMA.wrapping_mul(DRAWS * u64::from(message))),
        )
    }

    /// Draws for what happens to a server itself at its `step`-th step.
    pub(crate) fn machine(&self, server: ServerId, step: u32) -> Draws {
        self.link(server, ServerId::new(u32::MAX as usize), step)
    }
}

/// One server's random numbers, from one start of it to its end.
///
/// A server in a process of its own is handed its numbers, block by block, and never a key: from
/// its own key it could compute what other servers draw.
pub enum ServerStream {
    /// They are generated here.
    Own(ChaCha8Rng),
    /// They are generated elsewhere, and are the same.
    Fed(BlockRng<Feed>),
}

/// How many numbers are handed over at a time: what the generator makes in one go, so that both ways
/// draw the same.
pub(crate) const BLOCK: usize = 64;

/// Where the next block of a stream comes from.
pub struct Feed(Box<dyn FnMut() -> [u32; BLOCK]>);

impl Generator for Feed {
    type Output = [u32; BLOCK];

    fn generate(&mut self, block: &mut [u32; BLOCK]) {
        *block = (self.0)();
    }
}

impl From<ChaCha8Rng> for ServerStream {
    fn from(rng: ChaCha8Rng) -> ServerStream {
        ServerStream::Own(rng)
    }
}

impl ServerStream {
    /// A stream whose blocks come from here.
    pub(crate) fn fed(next: impl FnMut() -> [u32; BLOCK] + 'static) -> ServerStream {
        ServerStream::Fed(BlockRng::new(Feed(Box::new(next))))
    }

    pub(crate) fn next_u32(&mut self) -> u32 {
        match self {
            ServerStream::Own(rng) => rng.next_u32(),
            ServerStream::Fed(rng) => rng.next_word(),
        }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        match self {
            ServerStream::Own(rng) => rng.next_u64(),
            ServerStream::Fed(rng) => rng.next_u64_from_u32(),
        }
    }

    pub(crate) fn fill_bytes(&mut self, bytes: &mut [u8]) {
        match self {
            ServerStream::Own(rng) => rng.fill_bytes(bytes),
            ServerStream::Fed(rng) => rng.fill_bytes(bytes),
        }
    }
}

/// Draws that are reserved for each message of a link.
const DRAWS: u64 = 16;

/// A SplitMix64 generator.
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The `nth` number from here, without moving.
    #[inline]
    pub(crate) fn nth(&self, nth: u64) -> u64 {
        debug_assert!(nth < DRAWS);
        mix(self.0.wrapping_add(GAMMA.wrapping_mul(nth + 1)))
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        scale(self.next_u64(), bound)
    }
}

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function (Steele, Lea and Flood, 2014).
#[inline]
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Scales a random number to `0..bound` by the upper half of the product: one draw, no division,
/// the same on every platform. The bias, `bound / 2^64`, is nothing here.
#[inline]
pub(crate) fn scale(random: u64, bound: u64) -> u64 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u64
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const S0: ServerId = ServerId::new(0);
    const S1: ServerId = ServerId::new(1);

    /// A seed must mean the same run on every platform and in every version. Whoever changes
    /// these numbers takes all published seeds away from their readers.
    #[test]
    fn golden_values_pin_the_streams() {
        let streams = Streams::new(4711, "golden");
        let mut server = streams.server(S1, 2);
        assert_eq!(
            [server.next_u64(), server.next_u64()],
            [12_080_347_348_677_727_483, 11_893_769_117_860_798_442]
        );
        let link = streams.link(S0, S1, 3);
        assert_eq!(
            [link.nth(0), link.nth(1)],
            [234_208_618_134_011_917, 1_208_317_525_752_678_290]
        );
        let mut script = streams.script();
        assert_eq!(
            [script.next_u64(), script.below(1000)],
            [12_677_720_068_960_833_037, 794]
        );
    }

    #[test]
    fn every_stream_is_its_own() {
        let streams = Streams::new(1, "a");
        let mut seen = std::collections::BTreeSet::new();
        for (seed, name) in [(1, "a"), (2, "a"), (1, "b")] {
            let s = Streams::new(seed, name);
            for from in ServerId::all(5) {
                for start in 0..3 {
                    assert!(seen.insert(s.server(from, start).next_u64()));
                }
                for to in ServerId::all(5) {
                    for message in 0..10 {
                        for nth in 0..DRAWS {
                            assert!(seen.insert(s.link(from, to, message).nth(nth)));
                        }
                    }
                }
            }
        }
        assert_eq!(
            streams.server(S0, 0).next_u64(),
            Streams::new(1, "a").server(S0, 0).next_u64()
        );
    }

    /// Words, pairs of words and bytes, across the blocks' ends.
    #[test]
    fn a_stream_that_is_fed_draws_the_same() {
        let streams = Streams::new(5, "fed");
        let mut own = streams.server(S1, 0);
        let mut source = streams.server(S1, 0);
        let mut fed = ServerStream::fed(move || std::array::from_fn(|_| source.next_u32()));
        let mut draws = streams.script();
        for _ in 0..10_000 {
            match draws.below(3) {
                0 => assert_eq!(own.next_u32(), fed.next_u32()),
                1 => assert_eq!(own.next_u64(), fed.next_u64()),
                _ => {
                    let count = draws.below(40) as usize;
                    let (mut a, mut b) = ([0; 40], [0; 40]);
                    own.fill_bytes(&mut a[..count]);
                    fed.fill_bytes(&mut b[..count]);
                    assert_eq!(a, b);
                }
            }
        }
    }

    #[test]
    fn scaling_covers_the_range_evenly() {
        let mut draws = Streams::new(7, "scale").script();
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[draws.below(7) as usize] += 1;
        }
        assert!(
            counts.iter().all(|&c| (9_600..10_400).contains(&c)),
            "{counts:?}"
        );
        assert_eq!(scale(u64::MAX, 7), 6);
        assert_eq!(scale(u64::MAX, 0), 0);
    }
}

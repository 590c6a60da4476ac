//! Which seeds are played: those that students play at home, and hidden ones.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};
use suite::SEEDS;
use suite::test::Test;

use super::hash::hex;
use crate::files::{WholeFile, read_text};

/// The seeds of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeds {
    /// How many seeds most tests play; as many as at home, if none.
    asked: Option<u64>,
    hidden: Vec<u64>,
    /// SHA-256 of the file with the hidden ones.
    pub hash: Option<String>,
}

/// A seed below this is guessed easily: a server that knows its seed knows what all others will draw.
const GUESSABLE: u64 = 1 << 32;

/// How many hidden seeds are drawn for a new file.
const DRAWN: usize = 20;

impl Seeds {
    /// So many seeds, and those of a file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, and when a line of it is no seed, or one that can be guessed.
    pub fn read(asked: Option<u64>, hidden: Option<&Path>) -> Result<Seeds> {
        let Some(path) = hidden else {
            return Ok(Seeds {
                asked,
                ..Seeds::default()
            });
        };
        let text = read_text(path)?;
        let mut seeds = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let place = || format!("{}: line {}: '{line}'", path.display(), number + 1);
            let seed: u64 = line
                .parse()
                .with_context(|| format!("{}: expected a whole number below 2^64", place()))?;
            ensure!(
                seed >= GUESSABLE,
                "{}: a hidden seed below 2^32 can be guessed: draw them from all 64 bits, or let \
                 --commit-seeds make the file",
                place()
            );
            ensure!(!seeds.contains(&seed), "{}: it is there twice", place());
            seeds.push(seed);
        }
        ensure!(
            !seeds.is_empty(),
            "{}: there is no seed in it: expected one whole number a line",
            path.display()
        );
        Ok(Seeds {
            asked,
            hidden: seeds,
            hash: Some(hex(&Sha256::digest(text.as_bytes()))),
        })
    }

    /// How many public seeds are played of this test, from 0. Tests that play more or fewer than most at
    /// home do so here, in proportion; one at least.
    pub fn public_of(&self, test: &Test) -> u64 {
        match self.asked {
            None => test.seeds,
            Some(asked) => in_proportion(asked, test),
        }
    }

    /// The hidden seeds that are played of this test.
    pub fn hidden_of(&self, test: &Test) -> &[u64] {
        let count = in_proportion(self.hidden.len() as u64, test);
        &self.hidden[..self.hidden.len().min(count as usize)]
    }

    /// In words: `0 to 99 of most tests`.
    pub fn about(&self) -> String {
        let last = self.asked.unwrap_or(SEEDS) - 1;
        let hidden = match self.hidden.len() {
            0 => String::new(),
            1 => ", and a hidden one".to_string(),
            count => format!(", and {count} hidden ones"),
        };
        format!("0 to {last} of most tests{hidden}")
    }
}

fn in_proportion(seeds: u64, test: &Test) -> u64 {
    let seeds = u128::from(seeds) * u128::from(test.seeds);
    u64::try_from(seeds.div_ceil(u128::from(SEEDS))).unwrap_or(u64::MAX)
}

/// `--commit-seeds`: the hash of the file of hidden seeds, which tells nothing of them. A file that is
/// not there yet is made, with seeds from the system's own randomness.
pub fn commit(path: &Path) -> Result<String> {
    if !path.exists() {
        let mut random = vec![0; 8 * DRAWN];
        File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut random))
            .context("/dev/urandom")?;
        let mut text =
            String::from("# Hidden seeds: nobody may see them before the marks are out.\n");
        for bytes in random.chunks_exact(8) {
            let seed = bytes
                .iter()
                .fold(0, |seed, &byte| seed << 8 | u64::from(byte));
            text += &format!("{}\n", seed.max(GUESSABLE));
        }
        WholeFile::begin(path)?.finish(|to| to.write_all(text.as_bytes()))?;
        restrict(path)?;
    }
    let seeds = Seeds::read(None, Some(path))?;
    match seeds.hash {
        Some(hash) => Ok(hash),
        None => bail!("{}: no hash", path.display()),
    }
}

/// Nobody else on this machine is to read it.
fn restrict(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        .with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(seeds: u64) -> Test {
        let mut test = suite::all().remove(0);
        test.seeds = seeds;
        test
    }

    #[test]
    fn tests_that_play_more_or_fewer_do_so_in_proportion() {
        let seeds = Seeds {
            asked: Some(20),
            hidden: (0..10).collect(),
            hash: None,
        };
        let public = [300, 100, 50, 4].map(|own| seeds.public_of(&test(own)));
        assert_eq!(public, [60, 20, 10, 1]);
        let hidden = [300, 100, 50, 4].map(|own| seeds.hidden_of(&test(own)).len());
        assert_eq!(hidden, [10, 10, 5, 1]);
        assert_eq!(Seeds::default().public_of(&test(4)), 4);
        assert_eq!(seeds.about(), "0 to 19 of most tests, and 10 hidden ones");
    }

    #[test]
    fn a_file_of_hidden_seeds_is_made_and_committed_to() {
        let folder = std::env::temp_dir().join(format!("raftlab-seeds-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("hidden.txt");
        let hash = commit(&path).unwrap();
        assert_eq!(commit(&path).unwrap(), hash);
        let seeds = Seeds::read(None, Some(&path)).unwrap();
        assert_eq!((seeds.hidden.len(), seeds.hash), (DRAWN, Some(hash)));
        for (text, why) in [
            ("7\n", "can be guessed"),
            ("x\n", "line 1: 'x': expected a whole number"),
            ("# nothing\n", "there is no seed in it"),
            (
                "5000000000\n5000000000 # again\n",
                "line 2: '5000000000': it is there twice",
            ),
        ] {
            fs::write(&path, text).unwrap();
            let error = format!("{:#}", Seeds::read(None, Some(&path)).unwrap_err());
            assert!(error.contains(why), "{error}");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}

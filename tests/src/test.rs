//! What a test is.

use std::time::Duration;

use labrpc::Faults;
use raftapi::Features;

use crate::cluster::{Cluster, TimeKind};
use crate::finding::Outcome;
use crate::part::{Feature, Part};

/// One test of the suite: a script, where it is played, and what it is worth.
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name: topology and fault, as `cargo test` shows it.
    pub name: &'static str,
    /// The part of the suite that it belongs to.
    pub part: Part,
    /// What it is worth. Points of [`Part::Extra`] are beyond the hundred.
    pub points: u32,
    /// What it shows, in a line.
    pub description: &'static str,
    /// What to look for when it fails and no rule says more.
    pub hint: &'static str,
    /// How many servers there are.
    pub servers: usize,
    /// With fewer servers the script makes no sense: it expects what no server could do.
    pub fewest_servers: usize,
    /// Which of them run when the script begins.
    pub cast: Cast,
    /// What is wrong with the network and the machines.
    pub faults: Faults,
    /// In virtual time or in real time.
    pub time: TimeKind,
    /// How much time it may take.
    pub limit: Duration,
    /// How many seeds are played, unless somebody asks for another number.
    pub seeds: u64,
    /// An upper bound of the chance that one run fails a correct server; 0 if none can.
    pub alpha: f64,
    /// What a server must have declared for this test to be played.
    pub needs: &'static [Feature],
    /// What is done to the cluster, and expected of it.
    pub script: fn(&mut Cluster) -> Outcome,
}

/// How a test is varied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variation {
    /// So many servers; as many as it has, if none.
    pub servers: Option<usize>,
    /// A network that loses, delays and repeats nothing, and machines without faults.
    pub reliable: bool,
}

/// Which servers run when a script begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    /// All of them.
    All,
    /// None: the script prepares their disks, and starts them.
    None,
    /// S0; the others are played by hand.
    Alone,
    /// None, and all but S0 are played by hand: the script prepares the disk of S0 and starts it.
    AloneLater,
}

impl Test {
    /// A test like most: all run, in virtual time, with [`SEEDS`](crate::SEEDS) seeds. Name,
    /// description and script are still missing.
    pub const fn of(part: Part) -> Test {
        Test {
            name: "",
            part,
            points: 0,
            description: "",
            hint: "",
            servers: 3,
            fewest_servers: 3,
            cast: Cast::All,
            faults: Faults::RELIABLE,
            time: TimeKind::Virtual,
            limit: Duration::from_secs(120),
            seeds: crate::SEEDS,
            alpha: 0.0,
            needs: &[],
            script: |_| Ok(()),
        }
    }

    /// The same script with other servers and another network: to look for a shorter run of the same
    /// failure.
    ///
    /// # Errors
    ///
    /// When its script would make no sense with so few servers, or with others than it has.
    pub fn varied(&self, variation: &Variation) -> Result<Test, String> {
        let mut test = self.clone();
        if let Some(servers) = variation.servers.filter(|&servers| servers != self.servers) {
            let (path, fewest) = (self.path(), self.fewest_servers.min(self.servers));
            if self.cast != Cast::All {
                return Err(format!(
                    "{path} says itself which servers run, and how: with {servers} it cannot be played"
                ));
            }
            if servers < fewest {
                return Err(format!(
                    "{path} needs at least {fewest} servers: with {servers} it would expect what no \
                     server can do"
                ));
            }
            test.servers = servers;
        }
        if variation.reliable {
            test.faults = Faults::RELIABLE;
        }
        Ok(test)
    }

    /// All its variations with no more servers than it has, and at most `most` if there are fewer: the
    /// simplest first, and itself at last.
    pub fn variations(&self, most: usize) -> Vec<Variation> {
        let mut all = Vec::new();
        let networks = match self.faults == Faults::RELIABLE {
            true => &[false][..],
            false => &[true, false],
        };
        if self.cast == Cast::All && self.time == TimeKind::Virtual {
            let fewer = self.fewest_servers..self.servers.min(most + 1);
            for servers in fewer.map(Some).chain([None]) {
                let varied = networks
                    .iter()
                    .map(|&reliable| Variation { servers, reliable });
                all.extend(varied.filter(|&variation| variation != Variation::default()));
            }
        }
        all.push(Variation::default());
        all
    }

    /// Its name as `cargo test` shows it: `classic::re_election`.
    pub fn path(&self) -> String {
        format!("{}::{}", self.part.name(), self.name)
    }

    /// Whether it can be played on a server that declares this.
    pub fn is_for(&self, features: &Features) -> bool {
        self.needs
            .iter()
            .all(|feature| feature.is_declared(features))
    }
}

//! What is there when the attacks begin, and what must not be there when they are over.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};

use crate::cases::{Attack, Left};
use crate::grader::{Grader, files, processes};

const SECRET: &str = "/tmp/raftlab-attack-secret";

/// Seeds that nobody can guess.
const HIDDEN: &str = "12345678901234567891\n";

/// The machine around the grader.
pub struct Scene<'a> {
    grader: &'a Grader,
    attacks: &'a [Attack],
    listeners: BTreeMap<u16, (TcpListener, UdpSocket)>,
    /// What was handed in: paths, and how long each file is.
    handed_in: BTreeMap<PathBuf, usize>,
    pub hidden_seeds: PathBuf,
}

impl<'a> Scene<'a> {
    /// Sets it: a secret, seeds, somebody who listens; nothing of an earlier run.
    pub fn set(grader: &'a Grader, attacks: &'a [Attack]) -> Scene<'a> {
        let left = || attacks.iter().flat_map(|attack| &attack.leaves);
        for left in left() {
            if let Left::File(path) = left
                && path.is_absolute()
            {
                let _ = fs::remove_file(path);
                assert!(
                    !path.exists(),
                    "{} is there, and is not ours",
                    path.display()
                );
            }
        }
        fs::write(SECRET, "the grader's secret").expect("/tmp can be written to");
        let hidden_seeds = grader.home.join("hidden-seeds.txt");
        fs::write(&hidden_seeds, HIDDEN).expect("the seeds can be written");
        let calls = left().filter_map(|left| match left {
            Left::Call(port) => Some((*port, listen(*port).expect("nobody else listens here"))),
            _ => None,
        });
        Scene {
            grader,
            attacks,
            listeners: calls.collect(),
            handed_in: lengths(&grader.class),
            hidden_seeds,
        }
    }

    /// What is there that must not be, each with the attack that it is told of.
    pub fn left_behind(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for attack in self.attacks {
            let is_there = attack.leaves.iter().filter(|left| self.is_there(left));
            found.extend(is_there.map(|left| (attack.name.clone(), format!("it left {left:?}"))));
        }
        let mut all = |what: String| found.push(("(all)".to_string(), what));
        for name in files(&self.grader.working).keys() {
            all(format!(
                "{} is in the grader's working folder",
                name.display()
            ));
        }
        let now = lengths(&self.grader.class);
        for name in now.keys().chain(self.handed_in.keys()) {
            if now.get(name) != self.handed_in.get(name) {
                all(format!(
                    "{} is not what was handed in any more",
                    name.display()
                ));
            }
        }
        // What is killed is gone a moment later.
        let mut running = self.grader.running();
        for _ in 0..100_000 {
            if running.is_empty() {
                break;
            }
            std::thread::yield_now();
            running = self.grader.running();
        }
        for process in running {
            all(format!("a process is left: {process}"));
        }
        found
    }

    fn is_there(&self, left: &Left) -> bool {
        match left {
            Left::File(path) => self.grader.working.join(path).symlink_metadata().is_ok(),
            Left::Port(port) => TcpStream::connect(("127.0.0.1", *port)).is_ok(),
            Left::Call(port) => {
                let (stream, datagram) = &self.listeners[port];
                let nobody = |error: io::Error| error.kind() == io::ErrorKind::WouldBlock;
                !stream.accept().is_err_and(nobody) || !datagram.recv(&mut [0]).is_err_and(nobody)
            }
            Left::Process(name) => {
                !processes(|line| line.split(' ').any(|word| word == name)).is_empty()
            }
        }
    }

    /// What the grader wrote or printed that must not be shown.
    pub fn shown(&self, printed: &str) -> Vec<(String, String)> {
        let mut written = files(&self.grader.out);
        written.insert("(printed)".into(), printed.as_bytes().to_vec());
        let mut found = Vec::new();
        for attack in self.attacks {
            for text in &attack.never_shows {
                for (name, _) in written.iter().filter(|(_, bytes)| contains(bytes, text)) {
                    let what = format!("{} shows '{text}'", name.display());
                    found.push((attack.name.clone(), what));
                }
            }
        }
        found
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_file(SECRET);
    }
}

fn listen(port: u16) -> io::Result<(TcpListener, UdpSocket)> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let datagram = UdpSocket::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    datagram.set_nonblocking(true)?;
    Ok((listener, datagram))
}

fn lengths(folder: &Path) -> BTreeMap<PathBuf, usize> {
    let files = files(folder).into_iter();
    files.map(|(name, bytes)| (name, bytes.len())).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

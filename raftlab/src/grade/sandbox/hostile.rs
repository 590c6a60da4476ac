//! A server with code that the compiler should have refused, which makes system calls by number and reads
//! all of its memory: what the filter alone leaves to it.

#![allow(unsafe_code)]

use std::fs;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::sync::Arc;

use labrpc::process::{Confinement, Pristine, Serving, describe, serve};
use libc::{c_int, c_long, c_ulong};
use raftapi::Raft;
use serde::{Deserialize, Serialize};

/// Set in the process that serves.
const SERVES: &str = "RAFTLAB_TEST_SERVES";

/// No process has this number.
const NOBODY: c_ulong = c_int::MAX as c_ulong;

/// What the server found that it can do; and on how many words of memory it tried its luck.
#[derive(Debug, Serialize, Deserialize)]
struct Spoils {
    calls: Vec<String>,
    words: u64,
    found: u64,
}

#[test]
fn a_server_may_neither_fork_nor_signal_nor_find_out_how() {
    if std::env::var_os(SERVES).is_some() {
        return serve_spoils();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let this = "grade::sandbox::hostile::a_server_may_neither_fork_nor_signal_nor_find_out_how";
    command.args(["--exact", this, "--nocapture", "--test-threads=1"]);
    command.env(SERVES, "yes").stdout(Stdio::null());
    let confinement = Confinement {
        processor_s: Some(60),
        calls: super::of_servers().unwrap(),
    };
    let pristine = Pristine::spawn(command, &confinement).unwrap();
    let spoils = describe::<Raft>(&pristine).unwrap();
    let spoils: Spoils = serde_json::from_value(spoils).unwrap();
    assert_eq!(spoils.calls, [""; 0]);
    assert!(spoils.words > 1000, "{spoils:?}");
    assert_eq!(spoils.found, 0, "{spoils:?}");
}

fn serve_spoils() {
    // What the process will allocate later lies where it has allocated before.
    drop(black_box(vec![1_u8; 64 * 1024]));
    let memory = writable_memory();
    serve::<Raft, _>(Serving::Pristine, || (Arc::new(|_| ()), pillage(&memory))).unwrap();
}

/// From where to where this process can write, a fork of it as well.
fn writable_memory() -> Vec<(usize, usize)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let address = |hex: &str| usize::from_str_radix(hex, 16).unwrap();
    let lines = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let (from, to) = range.split_once('-')?;
        rest.starts_with("rw").then(|| (address(from), address(to)))
    });
    lines.collect()
}

fn pillage(memory: &[(usize, usize)]) -> Spoils {
    let (words, found) = look_for_the_number(memory);
    Spoils {
        calls: calls_that_pass(),
        words,
        found,
    }
}

fn passes(call: c_long, arguments: [c_ulong; 6]) -> bool {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: none of the calls made here writes to memory of this process.
    let result = unsafe { libc::syscall(call, a, b, c, d, e, f) };
    result != -1 || std::io::Error::last_os_error().raw_os_error() != Some(libc::EPERM)
}

/// Of those that a server has no business with.
fn calls_that_pass() -> Vec<String> {
    let path = c"/".as_ptr() as c_ulong;
    let signal = |signal: c_int| signal as c_ulong;
    let child = signal(libc::SIGCHLD);
    let thread = (libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND) as c_ulong;
    let (kill, abort) = (signal(libc::SIGKILL), signal(libc::SIGABRT));
    let everybody = -1_i32 as c_ulong;
    let calls = [
        ("clone", libc::SYS_clone, [child, 0, 0, 0, 0, 0]),
        ("clone a thread", libc::SYS_clone, [thread, 0, 0, 0, 0, 0]),
        ("clone3", libc::SYS_clone3, [0; 6]),
        #[cfg(target_arch = "x86_64")]
        ("fork", libc::SYS_fork, [0; 6]),
        #[cfg(target_arch = "x86_64")]
        ("vfork", libc::SYS_vfork, [0; 6]),
        ("kill", libc::SYS_kill, [everybody, 0, 0, 0, 0, 0]),
        ("tkill", libc::SYS_tkill, [NOBODY, kill, 0, 0, 0, 0]),
        ("tgkill", libc::SYS_tgkill, [NOBODY, NOBODY, kill, 0, 0, 0]),
        ("abort", libc::SYS_tgkill, [NOBODY, NOBODY, abort, 0, 0, 0]),
        (
            "prctl",
            libc::SYS_prctl,
            [libc::PR_GET_DUMPABLE as c_ulong, 0, 0, 0, 0, 0],
        ),
        ("prlimit", libc::SYS_prlimit64, [0; 6]),
        ("setrlimit", libc::SYS_setrlimit, [0; 6]),
        ("socket", libc::SYS_socket, [1, 1, 0, 0, 0, 0]),
        (
            "openat",
            libc::SYS_openat,
            [libc::AT_FDCWD as c_ulong, path, 0, 0, 0, 0],
        ),
        ("execve", libc::SYS_execve, [path, 0, 0, 0, 0, 0]),
        ("setsid", libc::SYS_setsid, [0; 6]),
        ("nanosleep", libc::SYS_nanosleep, [0; 6]),
        ("ppoll", libc::SYS_ppoll, [0; 6]),
        ("pipe2", libc::SYS_pipe2, [0; 6]),
        (
            "memfd_create",
            libc::SYS_memfd_create,
            [path, 0, 0, 0, 0, 0],
        ),
        ("seccomp", libc::SYS_seccomp, [0; 6]),
        ("ptrace", libc::SYS_ptrace, [0; 6]),
    ];
    let passing = calls
        .iter()
        .filter(|&&(_, call, arguments)| passes(call, arguments));
    passing.map(|(name, ..)| (*name).to_string()).collect()
}

/// Tries each word of the memory as the number that lets a privileged call pass, and each pair of half words
/// as its halves, which in a filter are an instruction apart: how many were tried, and how many let it pass.
fn look_for_the_number(memory: &[(usize, usize)]) -> (u64, u64) {
    const HALF: usize = size_of::<u32>();
    const APART: usize = size_of::<libc::sock_filter>();
    let (mut words, mut found) = (0, 0);
    let mut attempt = |word: u64| {
        words += 1;
        found += u64::from(passes(libc::SYS_kill, [NOBODY, 0, 0, 0, 0, word]));
    };
    for &(from, to) in memory {
        // SAFETY: the page was mapped when this process was forked, and nothing has been unmapped since.
        let half = |address| match address < to {
            true => u64::from(unsafe { (address as *const u32).read_volatile() }),
            false => 0,
        };
        for address in (from..to).step_by(HALF) {
            let first = half(address);
            if first == 0 {
                continue;
            }
            for other in [1, 2, 3, 4].map(|instructions| instructions * APART) {
                attempt(first << 32 | half(address + other));
            }
            attempt(first << 32 | half(address + HALF));
            attempt(half(address + HALF) << 32 | first);
        }
    }
    (words, found)
}

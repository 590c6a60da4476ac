//! The same calls on systems and machines for which there is no filter: servers could make them as well.

#![allow(unsafe_code)]

use std::io;

use libc::{c_int, pid_t};

use super::pristine::Instruction;
use super::system::Fork;

/// There is no filter.
pub fn filter_calls(_: &[Instruction]) -> io::Result<()> {
    Err(io::Error::other(
        "system calls can be filtered on Linux only, on x86_64 and aarch64",
    ))
}

fn check(result: c_int) -> io::Result<c_int> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

/// Splits this process in two. It has one thread only.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: a pristine process has one thread, so that the child may do everything.
    match check(unsafe { libc::fork() })? {
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child)),
    }
}

/// Kills a child.
pub fn kill(child: pid_t) {
    // SAFETY: no memory is involved; a child that was not reaped keeps its number.
    unsafe { libc::kill(child, libc::SIGKILL) };
}

/// A server's input ends with its parent, and so does a server.
pub fn die_with_parent() -> io::Result<()> {
    Ok(())
}

/// Ends this process when it has used so much processor time.
pub fn limit_processor_time(seconds: u64) -> io::Result<()> {
    let limit = libc::rlimit {
        rlim_cur: seconds as libc::rlim_t,
        rlim_max: (seconds + 1) as libc::rlim_t,
    };
    // SAFETY: the struct lives through the call.
    check(unsafe { libc::setrlimit(libc::RLIMIT_CPU, &limit) })?;
    Ok(())
}

/// Nothing is to be given up.
pub fn give_up() {}

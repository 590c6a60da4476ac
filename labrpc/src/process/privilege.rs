//! What a pristine process may do and its servers may not: fork, kill, say with whom it dies, limit itself.
//!
//! One filter of system calls serves both. It is installed once, before the first fork, and a fork
//! inherits it; a filter for each server would double the price of a start, and a kernel that is handed
//! thousands of filters a second frees them so late that it runs out of hands to free them with. A call
//! that is only for the pristine process passes if its sixth argument, which none of these calls has, is
//! a number that was drawn when the filter was installed. The number is in the filter, which nobody can
//! read, and in the pristine process; a server forgets it before any of its own code runs.

#![allow(unsafe_code)]

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long, c_void, pid_t};

use super::system::Fork;

/// What stands in a seccomp program for the number that lets a privileged call pass, as its sixth argument
/// of 64 bits.
pub const PRIVILEGE: u64 = u64::from_be_bytes(*b"pristine");

/// The number: none as long as no filter has been installed, and in a server.
static NUMBER: AtomicU64 = AtomicU64::new(0);

fn number() -> u64 {
    NUMBER.load(Ordering::Relaxed)
}

fn check(result: c_long) -> io::Result<c_long> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

/// Restricts the system calls of this process, and of all that it forks, for ever. Where the program
/// compares with [`PRIVILEGE`], it compares with a number of this process instead.
pub fn filter_calls(mut program: Vec<libc::sock_filter>) -> io::Result<()> {
    let number = draw()?;
    NUMBER.store(number, Ordering::Relaxed);
    let halves = |number: u64| [(number >> 32) as u32, number as u32];
    let equals = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    for (stand_in, half) in halves(PRIVILEGE).into_iter().zip(halves(number)) {
        for instruction in &mut program {
            if instruction.code == equals && instruction.k == stand_in {
                instruction.k = half;
            }
        }
    }
    let installed = install(&program);
    program.fill(libc::sock_filter {
        code: 0,
        jt: 0,
        jf: 0,
        k: 0,
    });
    black_box(&program); // so that it is really overwritten
    installed
}

/// A number that nobody can guess.
fn draw() -> io::Result<u64> {
    let mut number = [0; 8];
    // SAFETY: the kernel writes at most so many bytes.
    let drawn = unsafe { libc::getrandom(number.as_mut_ptr().cast::<c_void>(), number.len(), 0) };
    match drawn {
        8 => Ok(u64::from_ne_bytes(number)),
        _ => Err(io::Error::last_os_error()),
    }
}

fn install(program: &[libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: u16::try_from(program.len()).map_err(io::Error::other)?,
        filter: program.as_ptr().cast_mut(),
    };
    // SAFETY: the kernel copies the program, which lives through the call.
    unsafe {
        check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0).into())?;
        check(
            libc::prctl(
                libc::PR_SET_SECCOMP,
                libc::SECCOMP_MODE_FILTER,
                std::ptr::from_ref(&program),
            )
            .into(),
        )?;
    }
    Ok(())
}

/// Splits this process in two. It has one thread only.
#[inline(never)]
pub fn fork() -> io::Result<Fork> {
    // SAFETY: a pristine process has one thread, so that the child may do everything; without a stack of
    // its own and with nothing shared, the child goes on with a copy of this one's memory.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0, number()) };
    match check(child)? {
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child as pid_t)),
    }
}

/// Kills a child.
#[inline(never)]
pub fn kill(child: pid_t) {
    // SAFETY: no memory is involved; a child that was not reaped keeps its number.
    unsafe { libc::syscall(libc::SYS_kill, child, libc::SIGKILL, 0, 0, 0, number()) };
}

/// Ends this process with its parent, however that ends.
#[inline(never)]
pub fn die_with_parent() -> io::Result<()> {
    let (what, signal) = (libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    // SAFETY: integers only.
    check(unsafe { libc::syscall(libc::SYS_prctl, what, signal, 0, 0, 0, number()) })?;
    Ok(())
}

/// Ends this process when it has used so much processor time.
#[inline(never)]
pub fn limit_processor_time(seconds: u64) -> io::Result<()> {
    let limit = libc::rlimit64 {
        rlim_cur: seconds,
        rlim_max: seconds + 1,
    };
    let itself: pid_t = 0;
    let before = std::ptr::null_mut::<libc::rlimit64>();
    // SAFETY: the struct lives through the call, and a null pointer asks for nothing.
    check(unsafe {
        libc::syscall(
            libc::SYS_prlimit64,
            itself,
            libc::RLIMIT_CPU as c_int,
            &raw const limit,
            before,
            0,
            number(),
        )
    })?;
    Ok(())
}

/// Forgets the number: from here on this process is a server.
pub fn give_up() {
    NUMBER.store(0, Ordering::Relaxed);
    forget_what_was_called();
}

/// Overwrites what the calls above have left behind on the stack.
#[inline(never)]
fn forget_what_was_called() {
    black_box(&mut [0_u8; 2048]);
}

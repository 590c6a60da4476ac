//! What a pristine process may do and its servers may not: fork, kill, say with whom it dies, limit itself.
//!
//! One filter of system calls serves both. It is installed once, before the first fork, and a fork
//! inherits it; a filter for each server would make a start a third dearer, and a kernel that is handed
//! thousands of filters a second frees them so late that it runs out of hands to free them with. A call
//! that is only for the pristine process passes if its sixth argument, which none of these calls has, is
//! a number that was drawn when the filter was installed. The number is in the kernel's filter and in one
//! place of the pristine process; a server forgets it before any of its own code runs. So these calls are
//! made without the C library, which has no sixth argument for them and would leave it on the stack.

#![allow(unsafe_code)]

use std::arch::asm;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long, c_void, pid_t};

use super::pristine::{Instruction, PRIVILEGE};
use super::system::Fork;

/// The number: none as long as no filter has been installed, and in a server.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Restricts the system calls of this process, and of all that it forks, for ever. Where the program
/// compares with [`PRIVILEGE`], it compares with a number of this process instead.
///
/// # Errors
///
/// When it does not compare with both halves of it equally often; and the system's.
pub fn filter_calls(program: &[Instruction]) -> io::Result<()> {
    let instruction = |&(code, jt, jf, k): &Instruction| libc::sock_filter { code, jt, jf, k };
    let installed = install_with_number(program.iter().map(instruction).collect());
    wipe_stack();
    installed
}

#[inline(never)]
fn install_with_number(mut program: Vec<libc::sock_filter>) -> io::Result<()> {
    let number = draw()?;
    let halves = |number: u64| [(number >> 32) as u32, number as u32];
    let ([high, low], [own_high, own_low]) = (halves(PRIVILEGE), halves(number));
    let (mut highs, mut lows) = (0, 0);
    let equals = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    for instruction in program.iter_mut().filter(|i| i.code == equals) {
        if instruction.k == high {
            instruction.k = own_high;
            highs += 1;
        } else if instruction.k == low {
            instruction.k = own_low;
            lows += 1;
        }
    }
    let installed = match highs == lows {
        true => install(&program),
        false => Err(io::Error::other(
            "a filter that compares with half of a number",
        )),
    };
    NUMBER.store(number, Ordering::Relaxed);
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
    let done = |result: c_int| match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: the kernel copies the program, which lives through the call.
    unsafe {
        done(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))?;
        done(libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            std::ptr::from_ref(&program),
        ))
    }
}

/// Overwrites what earlier calls have left below the caller's frame.
#[inline(never)]
fn wipe_stack() {
    black_box(&mut [0_u8; 64 * 1024]);
}

/// A system call with the number as its sixth argument, which goes from its place into a register, and
/// no further.
///
/// # Safety
///
/// That of the call.
unsafe fn privileged(call: c_long, [a, b, c, d]: [usize; 4]) -> io::Result<usize> {
    let number = &NUMBER;
    let result: isize;
    // SAFETY: the caller's. The instruction overwrites what is named here and nothing else; the fifth
    // argument is 0.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!(
            "mov r9, [r9]",
            "syscall",
            "xor r9d, r9d",
            inlateout("rax") call as isize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") 0,
            inlateout("r9") number.as_ptr() => _,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!(
            "ldr x5, [x5]",
            "svc 0",
            "mov x5, xzr",
            inlateout("x0") a => result,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") 0,
            inlateout("x5") number.as_ptr() => _,
            in("x8") call,
            options(nostack),
        );
    }
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result as i32))
}

/// Splits this process in two. It has one thread only, for neither the C library's locks nor what it
/// remembers of its thread are looked after.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: without a stack of its own and with nothing shared, the child goes on with a copy of this
    // one's memory; of a process with one thread, that is all there is.
    match unsafe { privileged(libc::SYS_clone, [libc::SIGCHLD as usize, 0, 0, 0]) }? {
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child as pid_t)),
    }
}

/// Kills a child.
pub fn kill(child: pid_t) {
    // SAFETY: no memory is involved; a child that was not reaped keeps its number.
    let _ = unsafe {
        privileged(
            libc::SYS_kill,
            [child as usize, libc::SIGKILL as usize, 0, 0],
        )
    };
}

/// Ends this process with its parent, however that ends.
pub fn die_with_parent() -> io::Result<()> {
    let (what, signal) = (libc::PR_SET_PDEATHSIG as usize, libc::SIGKILL as usize);
    // SAFETY: integers only.
    unsafe { privileged(libc::SYS_prctl, [what, signal, 0, 0]) }?;
    Ok(())
}

/// Ends this process when it has used so much processor time.
pub fn limit_processor_time(seconds: u64) -> io::Result<()> {
    let limit = libc::rlimit64 {
        rlim_cur: seconds,
        rlim_max: seconds + 1,
    };
    let (itself, what) = (0, libc::RLIMIT_CPU as usize);
    let limit = std::ptr::from_ref(&limit).expose_provenance();
    // SAFETY: the struct lives through the call, and the null pointer asks for nothing.
    unsafe { privileged(libc::SYS_prlimit64, [itself, what, limit, 0]) }?;
    Ok(())
}

/// Forgets the number: from here on this process is a server.
pub fn give_up() {
    NUMBER.store(0, Ordering::Relaxed);
}

//! The system calls that the standard library has no safe way to make.

#![allow(unsafe_code)]

use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use libc::{c_int, c_void, pid_t};

/// Where a server's wakes come in: its standard input.
pub const WAKES: c_int = 0;
/// Where a server's steps go out.
pub const STEPS: c_int = 3;

fn check(result: c_int) -> io::Result<c_int> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

/// Takes a descriptor over that this process was started with.
///
/// # Errors
///
/// When it is not open.
pub fn inherited(descriptor: c_int) -> io::Result<OwnedFd> {
    // SAFETY: F_GETFD only asks. The descriptor is one of those that the protocol gives to this process,
    // and nobody else in it takes it over: `serve` does so once.
    unsafe {
        check(libc::fcntl(descriptor, libc::F_GETFD))?;
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}

/// Lets writes to this descriptor return at once when there is no room.
pub fn set_nonblocking(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let descriptor = descriptor.as_raw_fd();
    // SAFETY: both commands take and return integers.
    unsafe {
        let flags = check(libc::fcntl(descriptor, libc::F_GETFL))?;
        check(libc::fcntl(
            descriptor,
            libc::F_SETFL,
            flags | libc::O_NONBLOCK,
        ))?;
    }
    Ok(())
}

/// Waits until there is something to read, or the other side is gone. False if it took too long.
pub fn wait_until_readable(
    descriptor: BorrowedFd<'_>,
    limit: Option<Duration>,
) -> io::Result<bool> {
    wait(descriptor, libc::POLLIN, limit)
}

/// Waits until there is room to write, or the other side is gone. False if it took too long.
pub fn wait_until_writable(
    descriptor: BorrowedFd<'_>,
    limit: Option<Duration>,
) -> io::Result<bool> {
    wait(descriptor, libc::POLLOUT, limit)
}

fn wait(descriptor: BorrowedFd<'_>, events: i16, limit: Option<Duration>) -> io::Result<bool> {
    let timeout = limit.map_or(-1, |limit| {
        c_int::try_from(limit.as_millis()).unwrap_or(c_int::MAX)
    });
    let mut poll = libc::pollfd {
        fd: descriptor.as_raw_fd(),
        events,
        revents: 0,
    };
    // SAFETY: one pollfd is passed, and it lives through the call.
    match check(unsafe { libc::poll(&mut poll, 1, timeout) }) {
        Ok(ready) => Ok(ready > 0),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a process is after [`fork`].
pub enum Fork {
    Child,
    Parent(pid_t),
}

/// Waits until this comes to something, for as long as a process may take to end that has let go of its
/// pipes.
pub fn in_a_while<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    const LOOKS: u32 = 2000;
    (0..LOOKS).find_map(|looks| {
        if looks > 0 {
            #[allow(clippy::disallowed_methods)] // a process ends by the wall clock
            std::thread::sleep(Duration::from_millis(1));
        }
        look()
    })
}

/// Takes notice of a child that has ended, if there is one: which, and how.
pub fn reap_any() -> Option<(pid_t, c_int)> {
    let mut status = 0;
    // SAFETY: the status lives through the call.
    let child = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    (child > 0).then_some((child, status))
}

/// The processor time that a process has used, if it still runs.
#[cfg(target_os = "linux")]
pub fn processor_time(process: pid_t) -> Option<Duration> {
    let mut clock = 0;
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: both pointers are valid for the calls, and `time` is read only when it was filled in.
    unsafe {
        if libc::clock_getcpuclockid(process, &mut clock) != 0
            || libc::clock_gettime(clock, time.as_mut_ptr()) != 0
        {
            return None;
        }
        let time = time.assume_init();
        Some(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
    }
}

/// Elsewhere that is not known of another process.
#[cfg(not(target_os = "linux"))]
pub fn processor_time(_: pid_t) -> Option<Duration> {
    None
}

/// The processor time that all children which have been reaped have used.
pub fn processor_time_of_children() -> Duration {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the struct is valid for the call, and all zeros if it fails.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Puts a server's two descriptors where the protocol wants them, and closes all others but standard
/// output and standard error.
pub fn take_places(wakes: OwnedFd, steps: OwnedFd) -> io::Result<()> {
    use std::os::fd::IntoRawFd;
    let (wakes, steps) = (wakes.into_raw_fd(), steps.into_raw_fd());
    // SAFETY: the process has just been forked, and nothing of its parent's descriptors is used again.
    // Of two that were received together the first has the lower number, and 0 to 2 are taken: so when
    // `steps` goes to STEPS, nothing is overwritten but `wakes`, which has its place already.
    unsafe {
        check(libc::dup2(wakes, WAKES))?;
        check(libc::dup2(steps, STEPS))?;
        for descriptor in STEPS + 1..=wakes.max(steps) {
            libc::close(descriptor);
        }
    }
    Ok(())
}

/// Ends this process at once: no destructor runs, nothing is flushed.
pub fn exit_at_once(code: c_int) -> ! {
    // SAFETY: it does not return.
    unsafe { libc::_exit(code) }
}

/// How many descriptors travel with a line.
const TRAVELLERS: usize = 2;

/// Room for the control message that carries them, aligned as it must be.
#[repr(align(8))]
struct Room([u8; 64]);

const DESCRIPTORS: u32 = (TRAVELLERS * size_of::<c_int>()) as u32;

/// Sends bytes, and two descriptors with them.
pub fn send(
    socket: &UnixStream,
    bytes: &[u8],
    descriptors: [BorrowedFd<'_>; TRAVELLERS],
) -> io::Result<()> {
    let mut room = Room([0; 64]);
    let mut part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast::<c_void>(),
        iov_len: bytes.len(),
    };
    // SAFETY: all pointers are to locals that live through the call; the control message fits the room
    // that CMSG_SPACE asks for (24 of 64 bytes), and its data is written within it.
    let sent = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = room.0.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(DESCRIPTORS) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(DESCRIPTORS) as _;
        let raw = descriptors.map(|descriptor| descriptor.as_raw_fd());
        std::ptr::copy_nonoverlapping(
            raw.as_ptr().cast::<u8>(),
            libc::CMSG_DATA(header),
            DESCRIPTORS as usize,
        );
        libc::sendmsg(socket.as_fd().as_raw_fd(), &message, 0)
    };
    match usize::try_from(sent) {
        Ok(sent) if sent == bytes.len() => Ok(()),
        Ok(_) => Err(io::Error::other("a line was sent only in part")),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Receives bytes, and two descriptors if they came with them.
pub fn receive(
    socket: &UnixStream,
    bytes: &mut [u8],
) -> io::Result<(usize, Option<[OwnedFd; TRAVELLERS]>)> {
    let mut room = Room([0; 64]);
    let mut part = libc::iovec {
        iov_base: bytes.as_mut_ptr().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: as in `send`; the descriptors are read only when the kernel says that these two came, and
    // are then this process's own.
    unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut part;
        message.msg_iovlen = 1;
        message.msg_control = room.0.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(DESCRIPTORS) as _;
        let received = libc::recvmsg(socket.as_fd().as_raw_fd(), &mut message, 0);
        let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        let header = libc::CMSG_FIRSTHDR(&message);
        if header.is_null()
            || (*header).cmsg_type != libc::SCM_RIGHTS
            || (*header).cmsg_len as u32 != libc::CMSG_LEN(DESCRIPTORS)
        {
            return Ok((received, None));
        }
        let mut raw = [0 as c_int; TRAVELLERS];
        std::ptr::copy_nonoverlapping(
            libc::CMSG_DATA(header),
            raw.as_mut_ptr().cast::<u8>(),
            DESCRIPTORS as usize,
        );
        Ok((received, Some(raw.map(|raw| OwnedFd::from_raw_fd(raw)))))
    }
}

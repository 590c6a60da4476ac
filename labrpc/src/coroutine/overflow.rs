//! A stack overflow on a coroutine's stack is a finding, not the end of the process.
//!
//! The guard page below the stack raises a signal. If the address is in the guard page of the
//! coroutine that this thread is running, the handler lets the coroutine return
//! `Exit::Overflowed` (its stack is abandoned, nothing on it is dropped); any other fault goes to
//! whoever handled the signal before. Where no such handler can be written, an overflow ends the
//! process, as elsewhere in Rust.

use std::cell::Cell;

use corosensei::trap::CoroutineTrapHandler;

use crate::panics::Exit;

thread_local! {
    /// The coroutine that this thread is running.
    static RUNNING: Cell<Option<CoroutineTrapHandler<Exit>>> = const { Cell::new(None) };
}

/// Says that this thread is about to run a coroutine, or none any more.
#[inline]
pub(super) fn set_running(handler: Option<CoroutineTrapHandler<Exit>>) {
    RUNNING.set(handler);
}

/// Whether this thread is running a coroutine.
pub(crate) fn is_running() -> bool {
    let running = RUNNING.take();
    let is = running.is_some();
    RUNNING.set(running);
    is
}

#[cfg(not(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub(crate) fn install() {}

#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(crate) use unix::install;

#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[allow(unsafe_code)]
mod unix {
    use std::mem::MaybeUninit;
    use std::sync::OnceLock;

    use corosensei::trap::TrapHandlerRegs;
    use libc::{c_int, c_void, sigaction, siginfo_t, ucontext_t};

    use super::{Exit, RUNNING};

    /// Whoever handled these signals before us.
    static PREVIOUS: [OnceLock<sigaction>; 2] = [OnceLock::new(), OnceLock::new()];
    const SIGNALS: [c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

    /// Installs the handler, once for the process.
    pub fn install() {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            for (signal, previous) in SIGNALS.into_iter().zip(&PREVIOUS) {
                // SAFETY: both structs are plain data that the call reads or fills in; the handler
                // has the signature that SA_SIGINFO asks for. Rust's own threads have the
                // alternate stack that SA_ONSTACK uses.
                unsafe {
                    let mut ours: sigaction = std::mem::zeroed();
                    ours.sa_sigaction = handler as *const () as usize;
                    ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                    libc::sigemptyset(&mut ours.sa_mask);
                    let mut theirs = MaybeUninit::<sigaction>::uninit();
                    if libc::sigaction(signal, &ours, theirs.as_mut_ptr()) == 0 {
                        let _ = previous.set(theirs.assume_init());
                    }
                }
            }
        });
    }

    extern "C" fn handler(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        // SAFETY: the kernel hands a handler installed with SA_SIGINFO valid pointers to both.
        // The trap handler belongs to a coroutine that is running on this very thread, so it is
        // alive and its stack is the one that faulted; the registers are set as it says. The
        // coroutine's owner treats the run as over and reads nothing that it left half-written.
        unsafe {
            let address = (*info).si_addr() as usize;
            let page = libc::sysconf(libc::_SC_PAGESIZE) as usize;
            if let Some(running) = RUNNING.take()
                && running.stack_ptr_in_bounds(address)
                && !running.stack_ptr_in_bounds(address.wrapping_sub(page))
            {
                let registers = running.setup_trap_handler(|| Exit::Overflowed);
                set_registers(&mut *context.cast::<ucontext_t>(), registers);
                return;
            }
            pass_on(signal, info, context);
        }
    }

    /// Hands a fault that is not ours to the previous handler; if there is none, the default
    /// action takes over when the faulting instruction is tried again.
    unsafe fn pass_on(signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
        let which = SIGNALS.iter().position(|&s| s == signal);
        // SAFETY: the previous action was filled in by the system, and is called as its flags say.
        unsafe {
            match which.and_then(|w| PREVIOUS[w].get()) {
                Some(previous)
                    if previous.sa_sigaction != libc::SIG_DFL
                        && previous.sa_sigaction != libc::SIG_IGN =>
                {
                    if previous.sa_flags & libc::SA_SIGINFO != 0 {
                        let call: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) =
                            std::mem::transmute(previous.sa_sigaction);
                        call(signal, info, context);
                    } else {
                        let call: extern "C" fn(c_int) = std::mem::transmute(previous.sa_sigaction);
                        call(signal);
                    }
                }
                _ => {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
        }
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn set_registers(context: &mut ucontext_t, registers: TrapHandlerRegs) {
        let to = &mut context.uc_mcontext.gregs;
        to[libc::REG_RIP as usize] = registers.rip as i64;
        to[libc::REG_RSP as usize] = registers.rsp as i64;
        to[libc::REG_RBP as usize] = registers.rbp as i64;
        to[libc::REG_RDI as usize] = registers.rdi as i64;
        to[libc::REG_RSI as usize] = registers.rsi as i64;
    }

    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    fn set_registers(context: &mut ucontext_t, registers: TrapHandlerRegs) {
        let to = &mut context.uc_mcontext;
        to.pc = registers.pc;
        to.sp = registers.sp;
        to.regs[0] = registers.x0;
        to.regs[1] = registers.x1;
        to.regs[29] = registers.x29;
        to.regs[30] = registers.lr;
    }

    #[cfg(all(target_os = "macos", target_arch = "x86_64"))]
    fn set_registers(context: &mut ucontext_t, registers: TrapHandlerRegs) {
        // SAFETY: the machine context of a signal is valid while its handler runs.
        let to = unsafe { &mut (*context.uc_mcontext).__ss };
        to.__rip = registers.rip;
        to.__rsp = registers.rsp;
        to.__rbp = registers.rbp;
        to.__rdi = registers.rdi;
        to.__rsi = registers.rsi;
    }

    #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
    fn set_registers(context: &mut ucontext_t, registers: TrapHandlerRegs) {
        // SAFETY: the machine context of a signal is valid while its handler runs.
        let to = unsafe { &mut (*context.uc_mcontext).__ss };
        to.__pc = registers.pc;
        to.__sp = registers.sp;
        to.__x[0] = registers.x0;
        to.__x[1] = registers.x1;
        to.__fp = registers.x29;
        to.__lr = registers.lr;
    }
}

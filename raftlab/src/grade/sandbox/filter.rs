//! Which system calls are left.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use labrpc::process::{Instruction, PRIVILEGE};
use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

/// Which calls, and with which arguments; with any, if there is no rule.
type Calls = BTreeMap<c_long, Vec<SeccompRule>>;

fn compile(calls: Calls, listed: SeccompAction, others: SeccompAction) -> Result<BpfProgram> {
    let machine = std::env::consts::ARCH.try_into();
    let machine = machine.context("system calls can be filtered on x86_64 and aarch64 only")?;
    let filter = SeccompFilter::new(calls, others, listed, machine)?;
    Ok(filter.try_into()?)
}

fn refused() -> SeccompAction {
    SeccompAction::Errno(libc::EPERM as u32)
}

/// One condition on an argument of 32 bits.
fn argument(number: u8, op: SeccompCmpOp, value: u64) -> Result<SeccompCondition> {
    Ok(SeccompCondition::new(
        number,
        SeccompCmpArgLen::Dword,
        op,
        value,
    )?)
}

/// What nothing in a cell may do, the compiler neither: make a socket or a namespace, mount, trace or
/// reach into other processes, keep keys, load code into the kernel, or use the ways around this list.
pub(super) fn apply_to_all() -> Result<()> {
    let calls = [
        libc::SYS_socket,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_kcmp,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_chroot,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_msgget,
        libc::SYS_semget,
        libc::SYS_mq_open,
        libc::SYS_open_by_handle_at,
        libc::SYS_name_to_handle_at,
        libc::SYS_acct,
        libc::SYS_swapon,
        libc::SYS_reboot,
        libc::SYS_syslog,
        libc::SYS_personality,
        libc::SYS_quotactl,
    ];
    let calls = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let program = compile(calls, refused(), SeccompAction::Allow)?;
    seccompiler::apply_filter(&program).context("system calls cannot be filtered")
}

/// What is left to servers, and to the pristine process that they are forked from: pipes and output,
/// memory of one's own, the end of oneself. None of them starts a thread or a program, opens anything,
/// shares memory, sleeps, or signals, itself neither (whoever aborts runs into the C library's last
/// resort, an instruction that may not be): whoever waits anywhere but on its inbox finds that it cannot. The pristine
/// process, and it alone, may also do what is [`PRIVILEGED`].
pub fn of_servers() -> Result<Vec<Instruction>> {
    let freely = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
        // The judge's orders, the descriptors that come along and the answers; how children ended, and
        // what they used. A server has no socket, no children, and no descriptor that is worth a copy.
        libc::SYS_recvmsg,
        libc::SYS_sendto,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_dup2,
        libc::SYS_dup3,
        libc::SYS_wait4,
        libc::SYS_getrusage,
        libc::SYS_clock_getres, // asked before another process's clock is read
    ];
    let mut calls: Calls = freely.into_iter().map(|call| (call, Vec::new())).collect();
    for &call in PRIVILEGED {
        let number =
            SeccompCondition::new(SIXTH, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, PRIVILEGE)?;
        calls.insert(call, vec![SeccompRule::new(vec![number])?]);
    }
    let masked = |mask: i32| SeccompCmpOp::MaskedEq(mask as u64 & 0xffff_ffff);
    // Memory, but none that is shared, and none that can be run.
    let private = argument(3, masked(libc::MAP_SHARED), 0)?;
    let no_code = argument(2, masked(libc::PROT_EXEC), 0)?;
    let rule = SeccompRule::new(vec![private, no_code.clone()])?;
    calls.insert(libc::SYS_mmap, vec![rule]);
    calls.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![no_code])?]);
    // Locks that nobody holds are taken and given back without a call; to wait for one is to sleep.
    let operation = masked(!(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME));
    let wake = argument(1, operation, libc::FUTEX_WAKE as u64)?;
    calls.insert(libc::SYS_futex, vec![SeccompRule::new(vec![wake])?]);
    // Whether a descriptor is open.
    let ask = argument(1, SeccompCmpOp::Eq, libc::F_GETFD as u64)?;
    calls.insert(libc::SYS_fcntl, vec![SeccompRule::new(vec![ask])?]);
    compile(calls, SeccompAction::Allow, refused()).map(instructions)
}

/// What only a pristine process may do, which knows the number that the sixth argument is: fork servers,
/// have them die with it, limit and kill them.
const PRIVILEGED: &[c_long] = &[
    libc::SYS_clone,
    libc::SYS_prctl,
    libc::SYS_prlimit64,
    libc::SYS_kill,
];

/// Counted from zero.
const SIXTH: u8 = 5;

fn instructions(program: BpfProgram) -> Vec<Instruction> {
    let program = program.iter();
    program.map(|i| (i.code, i.jt, i.jf, i.k)).collect()
}

//! A symbol in assembler.

use raftapi::Context;

core::arch::global_asm!(".globl getpid", "getpid: ret");

pub fn begin(_: &Context<'_>) {}

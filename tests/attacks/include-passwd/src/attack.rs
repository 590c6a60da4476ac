//! A file of the machine.

use raftapi::Context;

const PASSWD: &str = include_str!("/etc/passwd");

pub fn begin(_: &Context<'_>) {
    panic!("{PASSWD}");
}

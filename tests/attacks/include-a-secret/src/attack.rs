//! A file of the grader's.

use raftapi::Context;

const SECRET: &[u8] = include_bytes!("/tmp/raftlab-attack-secret");

pub fn begin(_: &Context<'_>) {
    panic!("{}", String::from_utf8_lossy(SECRET));
}

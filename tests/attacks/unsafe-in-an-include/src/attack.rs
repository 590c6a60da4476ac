//! Code from a file that is not called `.rs`.

use raftapi::Context;

include!("notes.txt");

pub fn begin(_: &Context<'_>) {
    included();
}

//! A file of the machine as a module.

use raftapi::Context;

#[path = "/etc/passwd"]
mod passwd;
#[path = "/tmp/raftlab-attack-secret"]
mod secret;

pub fn begin(_: &Context<'_>) {}

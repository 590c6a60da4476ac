//! Reads what it can find.

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let found: Vec<String> = FILES
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .chain(
            std::fs::read_dir("/")
                .into_iter()
                .map(|all| format!("{:?}", all.collect::<Vec<_>>())),
        )
        .collect();
    assert!(found.is_empty(), "a file can be read: {found:?}");
}

const FILES: [&str; 13] = [
    "/etc/passwd",
    "/tmp/raftlab-attack-secret",
    "hidden-seeds.txt",
    "../hidden-seeds.txt",
    "/autograder/source/hidden-seeds.txt",
    "/proc/self/environ",
    "/proc/self/cmdline",
    "/proc/self/maps",
    "/proc/self/mountinfo",
    "/proc/1/cmdline",
    "/proc/thread-self/status",
    "/sys/class/net/lo/address",
    "/dev/urandom",
];

//! Lines of its own.

use std::fs::OpenOptions;
use std::io::Write;

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    for path in [
        "/dev/fd/3",
        "/proc/self/fd/3",
        "/dev/fd/0",
        "/proc/self/fd/4",
    ] {
        let Ok(mut judge) = OpenOptions::new().append(true).open(path) else {
            continue;
        };
        for (from, to) in [(0, 1), (1, 0), (2, 0)] {
            let reply = r#"{"reply":{"RequestVote":{"term":1,"vote_granted":true}}"#;
            let _ = writeln!(judge, r#"{reply},"from":{from},"to":{to}}}"#);
        }
        let _ = writeln!(
            judge,
            r#"{{"published":{{"term":1,"role":"Leader"}},"server":1}}"#
        );
        let _ = writeln!(judge, r#"{{"passed":true}}"#);
        let _ = writeln!(judge, "{}", "[".repeat(1_000_000));
        let _ = writeln!(
            judge,
            r#"{{"wait":{{"deadline":{}}}}}"#,
            "9".repeat(1_000_000)
        );
        let _ = judge.write_all(&[0xff, 0xfe, 0, b'\n']);
        let _ = write!(judge, r#"{{"wait":"#);
    }
    std::process::exit(0);
}

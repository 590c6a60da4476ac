//! Files as a channel.

use std::fs::File;
use std::io::Write;

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    for folder in ["/tmp", "/dev/shm", "/var/tmp", "/run", "."] {
        let path = format!("{folder}/raftlab-attack-channel");
        let made = File::create_new(&path).and_then(|mut file| {
            file.try_lock()?;
            file.write_all(ctx.me().to_string().as_bytes())
        });
        assert!(made.is_err(), "a channel is open: {path} can be written");
        let heard = std::fs::read_to_string(&path);
        assert!(heard.is_err(), "a channel is open: {path} says {heard:?}");
    }
}

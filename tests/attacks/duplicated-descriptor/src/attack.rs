//! Writes where it should read.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use raftapi::Context;

pub fn begin(_: &Context<'_>) {
    let Ok(input) = std::io::stdin().as_fd().try_clone_to_owned() else {
        return;
    };
    if let Ok(copy) = input.try_clone() {
        let socket = UnixStream::from(copy);
        let _ = socket.set_nonblocking(true);
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
    let mut file = File::from(input);
    let _ = file.set_len(0);
    let written = file.write_all(b"{\"passed\":true}\n").is_ok();
    assert!(!written, "a channel is open: the input can be written to");
}

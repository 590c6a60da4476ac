//! Every socket of the standard library.

use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::time::Duration;

use raftapi::Context;

const MOMENT: Duration = Duration::from_millis(100);

pub fn begin(_: &Context<'_>) {
    let listener = TcpListener::bind("127.0.0.1:47011");
    let stream = TcpStream::connect_timeout(&([127, 0, 0, 1], 47012).into(), MOMENT);
    let datagram = UdpSocket::bind("127.0.0.1:0");
    if let Ok(socket) = &datagram {
        let _ = socket.send_to(b"raftlab-attack", "127.0.0.1:47013");
    }
    let local = UnixListener::bind("/tmp/raftlab-attack-socket");
    let name = SocketAddr::from_abstract_name("raftlab-attack");
    let nameless = name.and_then(|name| UnixListener::bind_addr(&name));
    let pair = UnixStream::pair();
    let resolved = "localhost:80".to_socket_addrs();
    let open = [
        listener.is_ok(),
        stream.is_ok(),
        datagram.is_ok(),
        local.is_ok(),
        nameless.is_ok(),
        pair.is_ok(),
        resolved.is_ok_and(|mut addresses| addresses.next().is_some()),
    ];
    assert!(
        !open.contains(&true),
        "a channel is open: sockets, {open:?}"
    );
}

//! Where a server listens, as one word: `tcp:127.0.0.1:8000`, `udp:127.0.0.1:8000` or `unix:/path/of/socket`.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, listen, socket_with, sockopt};

use crate::{Failure, Outcome};

/// A peer that answers nothing for this long is broken, and the run ends with an error.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Waiting connections a server may have; clients open fewer than this many at a time.
const BACKLOG: i32 = 4096;
/// Loopback addresses that connections come from in turn, so that each one's ports last long enough.
const SOURCE_ADDRESSES: usize = 200;

/// One address of one kind of socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Tcp(SocketAddr),
    /// A UDP port.
    Udp(SocketAddr),
    /// A Unix stream socket at a path.
    Unix(PathBuf),
}

impl Address {
    /// Open a connection in blocking mode, with a limit on how long a read or a write may take.
    pub fn connect(&self) -> Outcome<OwnedFd> {
        match self {
            Self::Tcp(address) => patient_tcp(TcpStream::connect(address)?),
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(stream.into())
            }
            Self::Udp(_) => Err("streams need a tcp: or unix: address".into()),
        }
    }

    /// The same for the `number`th of very many short connections: their sources differ, because the ports of
    /// a single address would be used up by connections that are closed already (`TIME_WAIT`).
    pub fn connect_from_anywhere(&self, number: usize) -> Outcome<OwnedFd> {
        let Self::Tcp(address) = self else { return self.connect() };
        let host = u8::try_from(number % SOURCE_ADDRESSES)?.saturating_add(2);
        let source = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0);
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &source)?;
        connect(&socket, address)?;
        patient_tcp(TcpStream::from(socket))
    }

    /// A UDP socket that is connected to the server, non-blocking.
    pub fn flow(&self) -> Outcome<OwnedFd> {
        let Self::Udp(address) = self else { return Err("datagrams need a udp: address".into()) };
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(address)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    }

    /// A non-blocking socket to serve on, and the address that it got.
    pub fn serve(&self) -> Outcome<(OwnedFd, Self)> {
        match self {
            Self::Tcp(address) => {
                let listener = TcpListener::bind(address)?;
                let found = Self::Tcp(listener.local_addr()?);
                listener.set_nonblocking(true)?;
                listen(&listener, BACKLOG)?;
                Ok((listener.into(), found))
            }
            Self::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                listen(&listener, BACKLOG)?;
                Ok((listener.into(), self.clone()))
            }
            Self::Udp(address) => {
                let socket = UdpSocket::bind(address)?;
                let found = Self::Udp(socket.local_addr()?);
                socket.set_nonblocking(true)?;
                Ok((socket.into(), found))
            }
        }
    }
}

impl FromStr for Address {
    type Err = Failure;

    fn from_str(word: &str) -> Outcome<Self> {
        match word.split_once(':') {
            Some(("tcp", rest)) => Ok(Self::Tcp(rest.parse()?)),
            Some(("udp", rest)) => Ok(Self::Udp(rest.parse()?)),
            Some(("unix", rest)) if !rest.is_empty() => Ok(Self::Unix(rest.into())),
            _ => Err(format!("no address: {word} (tcp:HOST:PORT, udp:HOST:PORT or unix:PATH)").into()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "tcp:{address}"),
            Self::Udp(address) => write!(formatter, "udp:{address}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

fn patient_tcp(stream: TcpStream) -> Outcome<OwnedFd> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_as_it_is_written() {
        for word in ["tcp:127.0.0.1:80", "udp:[::1]:53", "unix:a/b:c"] {
            assert_eq!(word.parse::<Address>().unwrap().to_string(), word);
        }
        for word in ["127.0.0.1:80", "tcp:localhost", "unix:", "sctp:1"] {
            assert!(word.parse::<Address>().is_err(), "{word}");
        }
    }

    #[test]
    fn many_connections_come_from_many_addresses() {
        let (listener, address) = "tcp:127.0.0.1:0".parse::<Address>().unwrap().serve().unwrap();
        let listener = TcpListener::from(listener);
        listener.set_nonblocking(false).unwrap();
        let mut sources = std::collections::HashSet::new();
        for number in 0..5 {
            let _client = address.connect_from_anywhere(number).unwrap();
            sources.insert(listener.accept().unwrap().1.ip());
        }
        assert_eq!(sources.len(), 5);
    }
}

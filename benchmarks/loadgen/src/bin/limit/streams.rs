//! Streams: echo, count or send, one epoll loop, level-triggered, one read for each readiness.

use std::os::fd::OwnedFd;

use aioxide_loadgen::Outcome;
use aioxide_loadgen::bulk::SOURCE_PERIOD;
use aioxide_loadgen::poll::{Poll, Ready};
use rustix::fs::{MemfdFlags, memfd_create, sendfile};
use rustix::io::{Errno, read, write};
use rustix::net::{SocketFlags, accept_with, sockopt};

const SCRATCH_BYTES: usize = 256 * 1024;
const FILE_BYTES: usize = 4 << 20;
const LISTENER: usize = usize::MAX;

/// What is done with a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Send back what comes.
    Echo,
    /// Count the bytes, tell their number at the end.
    Sink,
    /// Send without end.
    Source,
    /// Send a file, again and again.
    File,
}

/// Serve on a listening socket for as long as the process lives.
pub(crate) fn serve(listener: &OwnedFd, service: Service) -> Outcome<()> {
    let mut poll = Poll::new()?;
    poll.add(listener, LISTENER, false)?;
    let mut places = Places::default();
    let mut scratch = vec![0; SCRATCH_BYTES];
    let endless: Vec<u8> = (0..SCRATCH_BYTES).map(|position| (position % SOURCE_PERIOD) as u8).collect();
    let file = file_of(&endless)?;
    let mut ready: Vec<Ready> = Vec::new();
    loop {
        poll.wait(None, &mut ready)?;
        for event in &ready {
            if event.number == LISTENER {
                accept_all(listener, &poll, &mut places, service)?;
                continue;
            }
            let Some(connection) = places.get(event.number) else { continue };
            let goes_on = match service {
                Service::Echo => connection.echo(event, &poll, &mut scratch)?,
                Service::Sink => connection.count(&mut scratch),
                Service::Source => connection.pour(event, &endless, &mut scratch),
                Service::File => connection.pour_file(event, &file, &mut scratch),
            };
            if !goes_on {
                places.free(event.number);
            }
        }
    }
}

/// A file without a name, full of `endless`.
fn file_of(endless: &[u8]) -> Outcome<OwnedFd> {
    let file = memfd_create(c"source", MemfdFlags::CLOEXEC)?;
    let mut written = 0;
    while written < FILE_BYTES {
        written += write(&file, endless)?;
    }
    Ok(file)
}

fn accept_all(listener: &OwnedFd, poll: &Poll, places: &mut Places, service: Service) -> Outcome<()> {
    loop {
        match accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
            Ok(socket) => {
                // A Unix socket has no such option.
                let _ = sockopt::set_tcp_nodelay(&socket, true);
                let number = places.take();
                poll.add(&socket, number, matches!(service, Service::Source | Service::File))?;
                places.put(number, Connection { socket, pending: Vec::new(), counted: 0 });
            }
            Err(Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(format!("accepting failed: {error}").into()),
        }
    }
}

struct Connection {
    socket: OwnedFd,
    /// Of an echo: what the kernel had no room for. Nothing is read until it is gone.
    pending: Vec<u8>,
    /// Of a sink: bytes received. Of a source: bytes sent.
    counted: usize,
}

/// Each of these says whether the connection goes on.
impl Connection {
    fn echo(&mut self, event: &Ready, poll: &Poll, scratch: &mut [u8]) -> Outcome<bool> {
        if event.write && !self.pending.is_empty() {
            let written = match write(&self.socket, &self.pending) {
                Ok(written) => written,
                Err(Errno::AGAIN) => 0,
                Err(_) => return Ok(false),
            };
            self.pending.drain(..written);
            if self.pending.is_empty() {
                poll.change(&self.socket, event.number, true, false)?;
            }
            return Ok(true);
        }
        let length = match read(&self.socket, &mut *scratch) {
            Ok(0) => return Ok(false),
            Ok(length) => length,
            Err(error) => return Ok(error == Errno::AGAIN),
        };
        let chunk = scratch.get(..length).unwrap_or_default();
        let written = match write(&self.socket, chunk) {
            Ok(written) => written,
            Err(Errno::AGAIN) => 0,
            Err(_) => return Ok(false),
        };
        if written < length {
            self.pending.extend(chunk.get(written..).unwrap_or_default());
            poll.change(&self.socket, event.number, false, true)?;
        }
        Ok(true)
    }

    fn count(&mut self, scratch: &mut [u8]) -> bool {
        match read(&self.socket, scratch) {
            Ok(0) => {
                // A client that is gone already does not want the number.
                let _ = write(&self.socket, self.counted.to_string().as_bytes());
                false
            }
            Ok(length) => {
                self.counted += length;
                true
            }
            Err(error) => error == Errno::AGAIN,
        }
    }

    fn pour(&mut self, event: &Ready, endless: &[u8], scratch: &mut [u8]) -> bool {
        let chunk = endless.get(self.counted % SOURCE_PERIOD..).unwrap_or_default();
        !self.has_ended(event, scratch) && self.note(write(&self.socket, chunk))
    }

    fn pour_file(&mut self, event: &Ready, file: &OwnedFd, scratch: &mut [u8]) -> bool {
        let sent = self.counted % FILE_BYTES;
        let mut offset = sent as u64;
        !self.has_ended(event, scratch)
            && self.note(sendfile(&self.socket, file, Some(&mut offset), FILE_BYTES - sent))
    }

    fn has_ended(&self, event: &Ready, scratch: &mut [u8]) -> bool {
        event.read && !matches!(read(&self.socket, scratch), Ok(1..) | Err(Errno::AGAIN))
    }

    /// Counts what was sent.
    fn note(&mut self, sent: Result<usize, Errno>) -> bool {
        match sent {
            Ok(sent) => {
                self.counted += sent;
                true
            }
            Err(error) => error == Errno::AGAIN,
        }
    }
}

/// Connections by number. A wait tells of each number once, so a number that is freed may be given anew at once.
#[derive(Default)]
struct Places {
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
}

impl Places {
    fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.connections.len() - 1
        })
    }

    fn put(&mut self, number: usize, connection: Connection) {
        if let Some(place) = self.connections.get_mut(number) {
            *place = Some(connection);
        }
    }

    fn get(&mut self, number: usize) -> Option<&mut Connection> {
        self.connections.get_mut(number)?.as_mut()
    }

    fn free(&mut self, number: usize) {
        if self.connections.get_mut(number).is_some_and(|place| place.take().is_some()) {
            self.free.push(number);
        }
    }
}

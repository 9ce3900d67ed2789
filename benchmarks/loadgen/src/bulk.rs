//! One way: as many bytes as go through one connection. An operation is one MiB.

use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::io::{Errno, read, write};
use rustix::net::{Shutdown, shutdown};

use crate::Outcome;
use crate::address::{Address, PATIENCE};
use crate::options::Options;
use crate::pattern::Pattern;
use crate::report::Report;
use crate::window::{Phase, Window};

const MIB: u64 = 1 << 20;
const READ_BYTES: usize = 256 * 1024;

/// The period of what a server sends without being asked: the bytes from 0 to 255, again and again.
pub const SOURCE_PERIOD: usize = 256;

/// To the server, which counts, and at the end of the stream answers how many bytes came, in decimal digits.
pub fn upload(address: &Address, options: &Options) -> Outcome<Report> {
    let socket = address.connect()?;
    let pattern = Pattern::new(options.size);
    let (mut sent, mut measured) = (0, 0);
    let mut window = Window::new(options);
    loop {
        let phase = window.phase(Instant::now())?;
        if phase == Phase::Over {
            break;
        }
        let written = write(&socket, pattern.from(sent, options.size as u64)).map_err(stalled)? as u64;
        sent += written;
        if phase == Phase::Measured {
            measured += written;
        }
    }
    shutdown(&socket, Shutdown::Write)?;
    let answer = read_to_end(&socket)?;
    if answer != sent.to_string() {
        return Err(format!("{sent} bytes were sent, the server counted {answer:?}").into());
    }
    Ok(Report::new(options, measured / MIB, &window.spent()?))
}

/// From the server, which sends for as long as the connection is open.
pub fn download(address: &Address, options: &Options) -> Outcome<Report> {
    let socket = address.connect()?;
    let mut scratch = vec![0; READ_BYTES];
    let (mut received, mut measured) = (0, 0);
    let mut window = Window::new(options);
    loop {
        let phase = window.phase(Instant::now())?;
        if phase == Phase::Over {
            break;
        }
        let length = read(&socket, &mut scratch).map_err(stalled)?;
        let chunk = scratch.get(..length).unwrap_or_default();
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else {
            return Err("the server stopped sending".into());
        };
        let wanted = |position: u64| (position % SOURCE_PERIOD as u64) as u8;
        if *first != wanted(received) || *last != wanted(received + length as u64 - 1) {
            return Err(format!("wrong bytes after {received}").into());
        }
        received += length as u64;
        if phase == Phase::Measured {
            measured += length as u64;
        }
    }
    Ok(Report::new(options, measured / MIB, &window.spent()?))
}

fn read_to_end(socket: &OwnedFd) -> Outcome<String> {
    let mut text = Vec::new();
    let mut piece = [0; 64];
    loop {
        match read(socket, &mut piece).map_err(stalled)? {
            0 => return Ok(String::from_utf8(text)?),
            length => text.extend(piece.get(..length).unwrap_or_default()),
        }
    }
}

/// A socket with a limit on its patience says "try again" when that has run out.
fn stalled(error: Errno) -> String {
    match error {
        Errno::AGAIN => format!("the server did nothing for {} s", PATIENCE.as_secs()),
        error => error.to_string(),
    }
}

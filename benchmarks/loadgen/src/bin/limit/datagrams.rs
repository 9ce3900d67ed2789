//! Datagrams, a batch for each system call: echo them, or count them and tell the number to whoever asks.

use std::os::fd::OwnedFd;

use aioxide_loadgen::Outcome;
use aioxide_loadgen::batch::Batch;
use aioxide_loadgen::datagram::QUESTION;
use aioxide_loadgen::poll::{Poll, Ready};
use rustix::io::Errno;

const BATCH: usize = 64;
const LARGEST_DATAGRAM: usize = 65_536;

/// Send every datagram back to where it came from.
pub(crate) fn echo(socket: &OwnedFd) -> Outcome<()> {
    each_batch(socket, |batch, received| {
        let mut sent = 0;
        while sent < received {
            match batch.send_back(socket, sent, received) {
                Ok(count) => sent += count,
                // UDP may lose: what the kernel has no room for is dropped.
                Err(_) => sent += 1,
            }
        }
        Ok(())
    })
}

/// Count; a question is answered and not counted.
pub(crate) fn count(socket: &OwnedFd) -> Outcome<()> {
    let mut counted = 0;
    each_batch(socket, |batch, received| {
        for place in 0..received {
            if batch.received(place) == QUESTION {
                batch.answer(socket, place, counted.to_string().as_bytes())?;
            } else {
                counted += 1;
            }
        }
        Ok(())
    })
}

fn each_batch(socket: &OwnedFd, mut serve: impl FnMut(&mut Batch, usize) -> Outcome<()>) -> Outcome<()> {
    let mut poll = Poll::new()?;
    poll.add(socket, 0, false)?;
    let mut batch = Batch::new(BATCH, LARGEST_DATAGRAM, true);
    let mut ready: Vec<Ready> = Vec::new();
    loop {
        poll.wait(None, &mut ready)?;
        match batch.receive(socket) {
            Ok(received) => serve(&mut batch, received)?,
            Err(Errno::AGAIN) => {}
            Err(error) => return Err(format!("receiving failed: {error}").into()),
        }
    }
}

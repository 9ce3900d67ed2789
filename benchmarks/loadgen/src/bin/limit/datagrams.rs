//! Datagrams, a batch for each system call: echo them, or count them and tell the number to whoever asks.

use std::io::ErrorKind;
use std::os::fd::{AsRawFd, OwnedFd};

use aioxide_core::sys::{Inbox, Segmentation, coalesce, family, send_datagram, send_datagrams};
use aioxide_loadgen::Outcome;
use aioxide_loadgen::datagram::QUESTION;
use aioxide_loadgen::poll::{Poll, Ready};

/// Send every datagram back to where it came from.
pub(crate) fn echo(socket: &OwnedFd) -> Outcome<()> {
    let segmentation = Segmentation::of_family(family::INET);
    each_batch(socket, |inbox| {
        let (received, mut sent) = (inbox.datagrams().count(), 0);
        while sent < received {
            let rest = inbox.datagrams().map(|(data, sender)| (data, Some(sender))).skip(sent);
            // UDP may lose: what the kernel has no room for is dropped.
            sent += send_datagrams(socket.as_raw_fd(), rest, &segmentation).unwrap_or(1);
        }
        Ok(())
    })
}

/// Count; a question is answered and not counted.
pub(crate) fn count(socket: &OwnedFd) -> Outcome<()> {
    let mut counted = 0;
    each_batch(socket, |inbox| {
        for (data, sender) in inbox.datagrams() {
            if data == QUESTION {
                send_datagram(socket.as_raw_fd(), counted.to_string().as_bytes(), Some(sender))?;
            } else {
                counted += 1;
            }
        }
        Ok(())
    })
}

fn each_batch(socket: &OwnedFd, mut serve: impl FnMut(&Inbox) -> Outcome<()>) -> Outcome<()> {
    let mut poll = Poll::new()?;
    poll.add(socket, 0, false)?;
    coalesce(socket.as_raw_fd())?;
    let mut inbox = Inbox::new();
    let mut ready: Vec<Ready> = Vec::new();
    loop {
        poll.wait(None, &mut ready)?;
        match inbox.receive(socket.as_raw_fd(), Inbox::BATCH, true) {
            Ok(_) => serve(&inbox)?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(format!("receiving failed: {error}").into()),
        }
    }
}

//! Both directions, on sockets of this machine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use super::*;
use crate::sys::Address;
use crate::sys::AddressKind;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

use proptest::prelude::*;

const BATCH: usize = Inbox::BATCH;

fn internet() -> Segmentation {
    Segmentation::of_family(libc::AF_INET)
}

fn set_option(socket: &UdpSocket, name: i32) {
    let on: libc::c_int = 1;
    let length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the option takes a C integer, which outlives the call.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, (&raw const on).cast(), length)
    };
    assert_eq!(set, 0);
}

fn received(inbox: &Inbox) -> Vec<Vec<u8>> {
    inbox.datagrams().map(|(data, _)| data.to_vec()).collect()
}

#[test]
fn a_batch_comes_in_order_with_its_senders() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let target = Address::from(two.local_addr().unwrap());
    let texts: Vec<Vec<u8>> = (0..70_u8).map(|number| vec![number; usize::from(number)]).collect();
    let rest = |from: usize| texts[from..].iter().map(|text| (text.as_slice(), Some(&target)));
    let segmentation = internet();
    assert_eq!(send_datagrams(one.as_raw_fd(), rest(0), &segmentation).unwrap(), SEND_BATCH);
    assert_eq!(send_datagrams(one.as_raw_fd(), rest(SEND_BATCH), &segmentation).unwrap(), 70 - SEND_BATCH);
    let mut inbox = Inbox::new();
    assert_eq!(inbox.receive(two.as_raw_fd(), 3, false).unwrap(), 3);
    assert_eq!(received(&inbox), texts[..3]);
    assert_eq!(inbox.receive(two.as_raw_fd(), usize::MAX, false).unwrap(), BATCH);
    assert_eq!(received(&inbox), texts[3..35]);
    assert_eq!(inbox.receive(two.as_raw_fd(), BATCH, false).unwrap(), BATCH);
    assert_eq!(inbox.receive(two.as_raw_fd(), BATCH, false).unwrap(), 3);
    assert_eq!(received(&inbox), texts[67..]);
    let sender = AddressKind::Internet(one.local_addr().unwrap());
    assert!(inbox.datagrams().all(|(_, address)| address.kind() == sender));
    let blocked = inbox.receive(two.as_raw_fd(), BATCH, false).unwrap_err();
    assert_eq!(blocked.kind(), ErrorKind::WouldBlock, "though the socket blocks");
    assert_eq!(received(&inbox).len(), 0);
}

#[test]
fn large_and_empty_datagrams_come_whole() {
    let (one, two) = UnixDatagram::pair().unwrap();
    let large: Vec<u8> = (0..100_000_u32).map(|number| number as u8).collect();
    for text in [&large[..], b"", b"x"] {
        send_datagram(one.as_raw_fd(), text, None).unwrap();
    }
    let mut inbox = Inbox::new();
    assert_eq!(inbox.receive(two.as_raw_fd(), BATCH, false).unwrap(), 3);
    assert_eq!(received(&inbox), [large, vec![], vec![b'x']]);
    assert!(inbox.datagrams().all(|(_, address)| address.kind() == AddressKind::None));
}

#[test]
fn a_full_buffer_blocks_and_what_went_before_counts() {
    let (one, two) = UnixDatagram::pair().unwrap();
    let (none, mut sent) = (Segmentation::none(), 0);
    let blocked = loop {
        match send_datagrams(one.as_raw_fd(), std::iter::repeat_n((&b"datagram"[..], None), 7), &none) {
            Ok(count) => sent += count,
            Err(error) => break error,
        }
    };
    assert_eq!(blocked.kind(), ErrorKind::WouldBlock);
    let (mut inbox, mut came) = (Inbox::new(), 0);
    while let Ok(count) = inbox.receive(two.as_raw_fd(), BATCH, false) {
        came += count;
    }
    assert_eq!(came, sent);
}

#[test]
fn a_datagram_that_can_not_be_sent_fails_when_it_is_the_first() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let target = Address::from(two.local_addr().unwrap());
    let too_large = vec![0; 70_000];
    let messages = [(&b"a"[..], Some(&target)), (&too_large[..], Some(&target)), (b"b", Some(&target))];
    assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter(), &internet()).unwrap(), 1);
    let refused = send_datagrams(one.as_raw_fd(), messages.into_iter().skip(1), &internet()).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::EMSGSIZE));
    assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter().skip(2), &internet()).unwrap(), 1);
    let mut inbox = Inbox::new();
    assert_eq!(inbox.receive(two.as_raw_fd(), BATCH, false).unwrap(), 2);
}

#[test]
fn a_dead_port_is_reported_to_the_next_call() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    one.connect(two.local_addr().unwrap()).unwrap();
    drop(two);
    send_datagram(one.as_raw_fd(), b"anybody?", None).unwrap();
    let refused = Inbox::new().receive(one.as_raw_fd(), BATCH, false).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn numbers_that_name_no_socket_are_refused() {
    assert_eq!(Inbox::new().receive(-1, 1, false).unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(send_datagram(-1, b"", None).unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(send_datagrams(-1, std::iter::empty(), &internet()).unwrap(), 0);
}

/// All that waits at a socket, and in how many messages it came.
fn take_all(socket: &UdpSocket) -> (Vec<Vec<u8>>, usize) {
    let (mut inbox, mut datagrams, mut messages) = (Inbox::new(), Vec::new(), 0);
    let is_coalescing = is_coalescing(socket.as_raw_fd());
    while let Ok(count) = inbox.receive(socket.as_raw_fd(), BATCH, is_coalescing) {
        messages += count;
        datagrams.extend(received(&inbox));
    }
    (datagrams, messages)
}

#[test]
fn datagrams_that_are_alike_pass_as_one_message() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let target = Address::from(two.local_addr().unwrap());
    let texts = [&b"aaaa"[..], b"bbbb", b"cc", b"dddd", b"", b"eeee", b"ffff"];
    for (wants_pieces, expected) in [(false, 7), (true, 4)] {
        if wants_pieces {
            coalesce(two.as_raw_fd()).unwrap();
        }
        assert_eq!(is_coalescing(two.as_raw_fd()), wants_pieces);
        let messages = texts.map(|text| (text, Some(&target)));
        assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter(), &internet()).unwrap(), 7);
        let (datagrams, messages) = take_all(&two);
        assert_eq!(datagrams, texts);
        assert_eq!(messages, expected);
    }
}

#[test]
fn what_a_program_wants_to_hear_besides_does_not_hide_the_size() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    coalesce(two.as_raw_fd()).unwrap();
    set_option(&two, libc::SO_TIMESTAMP);
    set_option(&two, libc::SO_RXQ_OVFL);
    let target = Address::from(two.local_addr().unwrap());
    let messages = [&b"one"[..], b"two", b"six"].map(|text| (text, Some(&target)));
    send_datagrams(one.as_raw_fd(), messages.into_iter(), &internet()).unwrap();
    assert_eq!(take_all(&two), (vec![b"one".to_vec(), b"two".to_vec(), b"six".to_vec()], 1));
}

#[test]
fn a_kernel_that_refuses_gets_them_one_by_one_from_then_on() {
    let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    coalesce(two.as_raw_fd()).unwrap();
    // Without check sums there is no segmentation.
    set_option(&one, libc::SO_NO_CHECK);
    let (target, segmentation) = (Address::from(two.local_addr().unwrap()), internet());
    let messages = [(&b"one"[..], Some(&target)), (b"two", Some(&target))];
    for _ in 0..2 {
        assert_eq!(send_datagrams(one.as_raw_fd(), messages.into_iter(), &segmentation).unwrap(), 2);
        assert_eq!(take_all(&two), (vec![b"one".to_vec(), b"two".to_vec()], 2));
        assert!(!segmentation.is_possible());
    }
}

#[test]
fn an_error_of_a_datagram_says_nothing_about_messages() {
    let one = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (nobody, segmentation) = (Address::from("127.0.0.1:0".parse::<SocketAddr>().unwrap()), internet());
    let messages = [(&b"one"[..], Some(&nobody)), (b"two", Some(&nobody))];
    let refused = send_datagrams(one.as_raw_fd(), messages.into_iter(), &segmentation).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(libc::EINVAL));
    assert!(segmentation.is_possible());
}

proptest! {
    /// Whatever sizes go to whomever, and whoever wants them together: each receiver gets its own, in order.
    #[test]
    fn datagrams_arrive_whole_and_in_order(
        plan in prop::collection::vec((0..2_usize, prop_oneof![Just(0_usize), Just(5), Just(1400), 0..1500_usize]), 0..60),
        coalesces in any::<[bool; 2]>(),
    ) {
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let receivers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        for (receiver, coalesces) in receivers.iter().zip(coalesces) {
            if coalesces {
                coalesce(receiver.as_raw_fd()).unwrap();
            }
        }
        let targets = receivers.each_ref().map(|socket| Address::from(socket.local_addr().unwrap()));
        let texts: Vec<Vec<u8>> = plan.iter().enumerate().map(|(number, (_, size))| vec![number as u8; *size]).collect();
        let (segmentation, mut sent) = (internet(), 0);
        while sent < plan.len() {
            let rest = plan.iter().zip(&texts).skip(sent);
            let rest = rest.map(|((target, _), text)| (text.as_slice(), Some(&targets[*target])));
            sent += send_datagrams(sender.as_raw_fd(), rest, &segmentation).unwrap();
        }
        prop_assert!(segmentation.is_possible());
        for (number, receiver) in receivers.iter().enumerate() {
            let own = plan.iter().zip(&texts).filter(|((target, _), _)| *target == number);
            let expected: Vec<_> = own.map(|(_, text)| text.clone()).collect();
            prop_assert_eq!(take_all(receiver).0, expected);
        }
    }
}

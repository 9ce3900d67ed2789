//! HTTP/1.1 as a browser or a proxy speaks it to a service: the same request again and again, over connections that stay.
//!
//! The first reply is read by its header. All others have to be like it, but for the time of day.

use std::ops::Range;

use rustix::io::{read, write};

use crate::Outcome;
use crate::address::Address;
use crate::echo::Exchange;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
const END_OF_HEADER: &[u8] = b"\r\n\r\n";
const LARGEST_REPLY: usize = 1 << 20;

/// A request, and the reply that a server gives to it.
#[derive(Debug)]
pub struct Http {
    reply: Vec<u8>,
    /// Where it tells the time.
    date: Range<usize>,
}

impl Http {
    /// Asks the server at `address` once.
    pub fn ask(address: &Address) -> Outcome<Self> {
        let socket = address.connect()?;
        write(&socket, REQUEST)?;
        let mut reply = Vec::new();
        let mut piece = [0; 4096];
        loop {
            if let Some(http) = Self::of(&reply)? {
                return Ok(http);
            }
            let length = read(&socket, &mut piece)?;
            if length == 0 || reply.len() > LARGEST_REPLY {
                return Err(format!("no whole reply in {} bytes", reply.len()).into());
            }
            reply.extend(piece.get(..length).unwrap_or_default());
        }
    }

    /// The exchange whose reply begins with these bytes, as soon as they are all of it.
    fn of(reply: &[u8]) -> Outcome<Option<Self>> {
        let Some(end) = reply.windows(END_OF_HEADER.len()).position(|bytes| bytes == END_OF_HEADER) else {
            return Ok(None);
        };
        let header = std::str::from_utf8(reply.get(..end).unwrap_or_default())?;
        if !header.starts_with("HTTP/1.1 200 ") {
            return Err(format!("the server answered {:?}", header.lines().next().unwrap_or_default()).into());
        }
        let length = value_of(header, "content-length").and_then(|place| header.get(place)?.parse().ok());
        let Some(length) = length else { return Err("a reply without Content-Length".into()) };
        let whole: usize = end + END_OF_HEADER.len() + usize::min(length, LARGEST_REPLY);
        if reply.len() > whole {
            return Err("a reply is longer than its Content-Length".into());
        }
        let date = value_of(header, "date").unwrap_or(0..0);
        Ok((reply.len() == whole).then(|| Self { reply: reply.to_vec(), date }))
    }
}

/// Where the value of this field stands.
fn value_of(header: &str, name: &str) -> Option<Range<usize>> {
    let mut begin = 0;
    for line in header.split("\r\n") {
        if let Some((field, value)) =
            line.split_once(':').filter(|(field, _)| field.eq_ignore_ascii_case(name))
        {
            let value_begins = begin + field.len() + 1 + (value.len() - value.trim_start().len());
            return Some(value_begins..begin + line.len());
        }
        begin += line.len() + 2;
    }
    None
}

impl Exchange for Http {
    fn sizes(&self) -> (usize, usize) {
        (REQUEST.len(), self.reply.len())
    }

    fn start(&self, _: usize) -> u64 {
        0
    }

    fn request(&self, position: u64, limit: u64) -> &[u8] {
        let rest = REQUEST.get((position % REQUEST.len() as u64) as usize..).unwrap_or_default();
        rest.get(..usize::try_from(limit).unwrap_or(usize::MAX).min(rest.len())).unwrap_or_default()
    }

    fn is_reply(&self, position: u64, chunk: &[u8]) -> bool {
        let wanted =
            self.reply.iter().enumerate().cycle().skip((position % self.reply.len() as u64) as usize);
        chunk.iter().zip(wanted).all(|(byte, (place, wanted))| byte == wanted || self.date.contains(&place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] =
        b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 08:00:00 GMT\r\ncontent-length:  5\r\n\r\nhello";

    #[test]
    fn a_reply_is_whole_when_its_content_is() {
        let whole = Http::of(REPLY).unwrap().unwrap();
        assert_eq!(whole.sizes().1, REPLY.len());
        assert_eq!(&REPLY[whole.date], b"Sun, 22 Nov 2026 08:00:00 GMT");
        for length in 0..REPLY.len() {
            assert!(Http::of(&REPLY[..length]).unwrap().is_none(), "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for (wrong, complaint) in [
            (&b"HTTP/1.1 404 Not Found\r\n\r\n"[..], "404"),
            (b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", "Content-Length"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "longer"),
        ] {
            let error = Http::of(wrong).unwrap_err().to_string();
            assert!(error.contains(complaint), "{error}");
        }
    }

    #[test]
    fn replies_may_differ_in_the_time_alone() {
        let http = Http::of(REPLY).unwrap().unwrap();
        let two = [REPLY, REPLY].concat();
        assert!(http.is_reply(0, &two));
        assert!(http.is_reply(REPLY.len() as u64 - 3, &two[REPLY.len() - 3..]));
        for place in 0..REPLY.len() {
            let mut other = REPLY.to_vec();
            other[place] ^= 1;
            assert_eq!(http.is_reply(0, &other), http.date.contains(&place), "byte {place}");
        }
        assert!(!http.is_reply(1, REPLY));
    }

    #[test]
    fn requests_follow_each_other() {
        let http = Http::of(REPLY).unwrap().unwrap();
        let length = REQUEST.len() as u64;
        assert_eq!(http.request(0, u64::MAX), REQUEST);
        assert_eq!(http.request(3 * length + 4, 2), &REQUEST[4..6]);
    }
}

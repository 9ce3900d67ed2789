//! Looking for the end of a line, a header or a record in bytes that are still arriving.

use memchr::{memchr, memmem};

/// What a look at the bytes gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first separator ends after this many bytes.
    Found(usize),
    /// None is there, and it may come with more bytes.
    NotYet,
    /// None is there, and more than the limit's worth of bytes, this many, belong to none.
    TooLong(usize),
    /// There is one, but it begins after this many bytes, which are more than the limit.
    TooFar(usize),
}

/// A search that goes on where it stopped when more bytes have arrived.
///
/// Of several separators the one wins that ends first. The limit counts the bytes before the separator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// Up to here no separator begins.
    clean: usize,
}

impl Search {
    /// A search that has looked at nothing.
    pub const fn new() -> Self {
        Self { clean: 0 }
    }

    /// Looks at the bytes: the same as the last time, or more.
    ///
    /// `separators` are ordered by length, the shortest first, and none of them is empty.
    #[inline]
    pub fn look<S: AsRef<[u8]>>(&mut self, bytes: &[u8], separators: &[S], limit: usize) -> Outcome {
        let (Some(shortest), Some(longest)) = (separators.first(), separators.last()) else {
            return Outcome::NotYet;
        };
        let (shortest, longest) = (shortest.as_ref().len(), longest.as_ref().len());
        let Some(unseen) = bytes.get(self.clean..).filter(|unseen| unseen.len() >= shortest) else {
            return Outcome::NotYet;
        };
        let found = match separators {
            [separator] => find(unseen, separator.as_ref()).map(|start| (start, start + longest)),
            _ => first_to_end(unseen, separators),
        };
        if let Some((start, end)) = found {
            let start = self.clean + start;
            return if start > limit { Outcome::TooFar(start) } else { Outcome::Found(self.clean + end) };
        }
        // The last bytes may be the beginning of a separator.
        self.clean = (bytes.len() + 1).saturating_sub(longest);
        if self.clean > limit { Outcome::TooLong(self.clean) } else { Outcome::NotYet }
    }
}

/// Where `separator` begins.
#[inline]
fn find(bytes: &[u8], separator: &[u8]) -> Option<usize> {
    match separator {
        [byte] => memchr(*byte, bytes),
        _ => memmem::find(bytes, separator),
    }
}

/// Where the separator that ends first begins and ends; of two that end together, the shorter one.
fn first_to_end<S: AsRef<[u8]>>(bytes: &[u8], separators: &[S]) -> Option<(usize, usize)> {
    let mut first = None;
    let mut bytes = bytes;
    for separator in separators {
        let separator = separator.as_ref();
        if let Some(start) = find(bytes, separator) {
            let end = start + separator.len();
            first = Some((start, end));
            // Another one is better only if it ends before this one does.
            bytes = bytes.get(..end - 1).unwrap_or_default();
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_come_in_pieces() {
        let mut search = Search::new();
        assert_eq!(search.look(b"one", &[b"\n"], 100), Outcome::NotYet);
        assert_eq!(search.look(b"one line", &[b"\n"], 100), Outcome::NotYet);
        assert_eq!(search.look(b"one line\nnext", &[b"\n"], 100), Outcome::Found(9));
    }

    #[test]
    fn so_may_a_separator() {
        let mut search = Search::new();
        assert_eq!(search.look(b"head\r\n\r", &[b"\r\n\r\n"], 100), Outcome::NotYet);
        assert_eq!(search.look(b"head\r\n\r\nbody", &[b"\r\n\r\n"], 100), Outcome::Found(8));
    }

    #[test]
    fn the_separator_that_ends_first_wins() {
        let separators: [&[u8]; 2] = [b"b", b"xyz"];
        assert_eq!(Search::new().look(b"xyzb", &separators, 100), Outcome::Found(3));
        assert_eq!(Search::new().look(b"xbyz", &separators, 100), Outcome::Found(2));
        let one_in_the_other: [&[u8]; 2] = [b"\n", b"\r\n"];
        assert_eq!(Search::new().look(b"ab\r\n", &one_in_the_other, 2), Outcome::TooFar(3));
    }

    #[test]
    fn the_limit_does_not_count_the_separator() {
        assert_eq!(Search::new().look(b"123\r\n", &[b"\r\n"], 3), Outcome::Found(5));
        assert_eq!(Search::new().look(b"1234\r\n", &[b"\r\n"], 3), Outcome::TooFar(4));
        assert_eq!(Search::new().look(b"12345", &[b"\r\n"], 3), Outcome::TooLong(4));
        assert_eq!(Search::new().look(b"1234", &[b"\r\n"], 3), Outcome::NotYet);
    }
}

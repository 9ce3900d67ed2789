//! The byte queue and the search against models that do it the slow way.
#![allow(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use aioxide_core::stream::{ByteQueue, Outcome, Search};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Push(Vec<u8>),
    Reserve(usize),
    Skip(usize),
    Clear,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Operation::Push),
        1 => (0..9000_usize).prop_map(Operation::Reserve),
        1 => Just(Operation::Push(vec![7; 5000])),
        6 => (0..60_usize).prop_map(Operation::Skip),
        1 => Just(Operation::Clear),
    ]
}

/// Few different bytes, so that separators and their beginnings are common.
fn text(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(&b"abc"[..]), length)
}

fn separators() -> impl Strategy<Value = Vec<Vec<u8>>> {
    prop::collection::vec(text(1..5), 1..4).prop_map(|mut separators| {
        separators.sort_by_key(Vec::len);
        separators
    })
}

/// Where the separator that ends first begins and ends: every end is tried, then every separator.
fn first_separator(bytes: &[u8], separators: &[Vec<u8>]) -> Option<(usize, usize)> {
    (1..=bytes.len()).find_map(|end| {
        let shortest = separators.iter().find(|separator| bytes[..end].ends_with(separator))?;
        Some((end - shortest.len(), end))
    })
}

/// What is known of `bytes` alone, without what was known before they had all arrived.
fn expected(bytes: &[u8], separators: &[Vec<u8>], limit: usize) -> Outcome {
    let (shortest, longest) = (separators[0].len(), separators[separators.len() - 1].len());
    let clean = (bytes.len() + 1).saturating_sub(longest);
    match first_separator(bytes, separators) {
        Some((start, _)) if start > limit => Outcome::TooFar(start),
        Some((_, end)) => Outcome::Found(end),
        None if bytes.len() >= shortest && clean > limit => Outcome::TooLong(clean),
        None => Outcome::NotYet,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_queue_behaves_like_a_vector(operations in prop::collection::vec(operation(), 1..200)) {
        let mut queue = ByteQueue::new();
        let mut model: Vec<u8> = Vec::new();
        for operation in operations {
            match operation {
                Operation::Push(bytes) => {
                    queue.push(&bytes);
                    model.extend(bytes);
                }
                Operation::Reserve(more) => {
                    queue.reserve(more);
                    prop_assert!(queue.capacity() >= model.len() + more);
                }
                Operation::Skip(count) => {
                    queue.skip(count);
                    model.drain(..count.min(model.len()));
                }
                Operation::Clear => {
                    queue.clear();
                    model.clear();
                }
            }
            prop_assert_eq!(queue.as_slice(), &model[..]);
            prop_assert_eq!((queue.len(), queue.is_empty()), (model.len(), model.is_empty()));
        }
    }

    #[test]
    fn a_separator_is_found_wherever_it_is(bytes in text(0..60), separators in separators(), limit in 0..60_usize) {
        let outcome = Search::new().look(&bytes, &separators, limit);
        prop_assert_eq!(outcome, expected(&bytes, &separators, limit));
    }

    #[test]
    fn a_search_that_goes_on_finds_what_one_that_begins_anew_finds(
        bytes in text(0..60),
        separators in separators(),
        limit in 0..60_usize,
        steps in prop::collection::vec(1..9_usize, 60),
    ) {
        let mut search = Search::new();
        let mut arrived = 0;
        for step in steps {
            let outcome = search.look(&bytes[..arrived], &separators, limit);
            prop_assert_eq!(outcome, expected(&bytes[..arrived], &separators, limit));
            if outcome != Outcome::NotYet || arrived == bytes.len() {
                break;
            }
            arrived = (arrived + step).min(bytes.len());
        }
    }
}

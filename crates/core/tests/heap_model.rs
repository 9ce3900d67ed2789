//! The timer heap against a model that sorts: any sequence of operations gives the same answers.

use aioxide_core::time::TimerHeap;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Push(f64),
    PopDue(f64),
    TakeDue(f64),
    PopCancelled,
    /// The timer at this position of the model, counted round.
    Cancel(usize),
    Compact,
    Drain,
}

/// Few different deadlines, so that equal ones are common.
fn deadline() -> impl Strategy<Value = f64> {
    prop_oneof![
        20 => (0_i8..20).prop_map(f64::from),
        4 => any::<f64>().prop_filter("NaN is refused by the caller", |when| !when.is_nan()),
        1 => Just(f64::INFINITY),
        1 => Just(-0.0),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        12 => deadline().prop_map(Operation::Push),
        4 => deadline().prop_map(Operation::PopDue),
        1 => deadline().prop_map(Operation::TakeDue),
        3 => Just(Operation::PopCancelled),
        6 => any::<usize>().prop_map(Operation::Cancel),
        1 => Just(Operation::Compact),
        1 => Just(Operation::Drain),
    ]
}

/// What the binding's handle is to the heap: something that knows whether it was cancelled.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Timer {
    when: f64,
    number: usize,
}

#[derive(Default)]
struct Model {
    /// In the order in which they were set.
    timers: Vec<Timer>,
    cancelled: Vec<usize>,
}

impl Model {
    fn is_cancelled(&self, timer: &Timer) -> bool {
        self.cancelled.contains(&timer.number)
    }

    fn head(&self) -> Option<Timer> {
        // `min_by` keeps the first of equal ones.
        self.timers
            .iter()
            .copied()
            .min_by(|left, right| left.when.partial_cmp(&right.when).unwrap_or(std::cmp::Ordering::Equal))
    }

    fn take_head(&mut self, condition: impl FnOnce(&Self, &Timer) -> bool) -> Option<Timer> {
        let head = self.head().filter(|head| condition(self, head))?;
        self.timers.retain(|timer| timer.number != head.number);
        Some(head)
    }

    fn dead(&self) -> usize {
        self.timers.iter().filter(|timer| self.is_cancelled(timer)).count()
    }
}

fn numbers(timers: impl IntoIterator<Item = Timer>) -> Vec<usize> {
    let mut numbers: Vec<usize> = timers.into_iter().map(|timer| timer.number).collect();
    numbers.sort_unstable();
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_heap_behaves_like_a_sorted_list(operations in prop::collection::vec(operation(), 1..300)) {
        let mut heap = TimerHeap::new();
        let mut model = Model::default();

        for (number, operation) in operations.into_iter().enumerate() {
            match operation {
                Operation::Push(when) => {
                    let timer = Timer { when, number };
                    heap.push(when, timer);
                    model.timers.push(timer);
                }
                Operation::PopDue(limit) => {
                    let expected = model.take_head(|_, head| head.when < limit);
                    prop_assert_eq!(heap.pop_due(limit, |timer| model.is_cancelled(timer)), expected);
                }
                Operation::TakeDue(limit) => {
                    let due = std::iter::from_fn(|| model.take_head(|_, head| head.when < limit));
                    let expected: Vec<Timer> = due.collect();
                    let taken = heap.take_due(limit, |timer| model.is_cancelled(timer), |_| {});
                    prop_assert_eq!(taken.collect::<Vec<_>>(), expected);
                }
                Operation::PopCancelled => {
                    let expected = model.take_head(Model::is_cancelled);
                    prop_assert_eq!(heap.pop_cancelled(|timer| model.is_cancelled(timer)), expected);
                }
                Operation::Cancel(position) => {
                    let timer = position.checked_rem(model.timers.len()).and_then(|at| model.timers.get(at));
                    if let Some(timer) = timer.copied().filter(|timer| !model.is_cancelled(timer)) {
                        match heap.pop_last(|last| last.number == timer.number) {
                            Some(last) => {
                                prop_assert_eq!(last, timer);
                                model.timers.retain(|kept| kept.number != timer.number);
                            }
                            None => {
                                heap.note_cancelled();
                                model.cancelled.push(timer.number);
                            }
                        }
                    }
                }
                Operation::Compact => {
                    let (dead, alive) = model.timers.iter().partition(|timer| model.is_cancelled(timer));
                    model.timers = alive;
                    let dead: Vec<Timer> = dead;
                    prop_assert_eq!(numbers(heap.compact(|timer| model.is_cancelled(timer))), numbers(dead));
                }
                Operation::Drain => {
                    prop_assert_eq!(numbers(heap.drain()), numbers(std::mem::take(&mut model.timers)));
                }
            }
            prop_assert_eq!(heap.next_deadline(), model.head().map(|head| head.when));
            prop_assert_eq!((heap.len(), heap.is_empty()), (model.timers.len(), model.timers.is_empty()));
            prop_assert_eq!(heap.cancelled(), model.dead());
            prop_assert_eq!(heap.needs_compaction(), heap.len() > 100 && 2 * model.dead() > heap.len());
            prop_assert_eq!(numbers(heap.iter().map(|(_, timer)| *timer)), numbers(model.timers.iter().copied()));
        }
    }
}

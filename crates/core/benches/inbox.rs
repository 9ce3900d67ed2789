//! The inbox without contention, and what the loop's own readings cost: its look into an empty inbox, its clock,
//! its decision whether to poll, and the wake-up that the parking bit saves.

#![allow(missing_docs, reason = "criterion's macros make public items")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing to say")]

use std::hint::black_box;
use std::sync::Arc;

use aioxide_core::reactor::{PollPolicy, Waker};
use aioxide_core::ready::{Inbox, Queue};
use aioxide_core::sys::clock;
use criterion::{Criterion, criterion_group, criterion_main};

fn inbox(criterion: &mut Criterion) {
    let waker = Waker::new().unwrap();
    let inbox = Inbox::new(Arc::clone(waker.parking()));
    let mut queue = Queue::new();

    criterion.bench_function("inbox/push and drain", |bencher| {
        bencher.iter(|| {
            let must_wake = inbox.push(black_box(1_usize));
            inbox.drain_into(&mut queue);
            (must_wake, queue.pop_front())
        });
    });
    criterion.bench_function("inbox/push", |bencher| {
        bencher.iter(|| {
            let must_wake = inbox.push(black_box(1_usize));
            if inbox.len() == 1024 {
                inbox.drain_into(&mut queue);
                drop(queue.take());
            }
            must_wake
        });
    });
    inbox.drain_into(&mut queue);
    criterion.bench_function("inbox/look, empty", |bencher| bencher.iter(|| inbox.drain_into(&mut queue)));
    criterion.bench_function("waker/wake, a system call", |bencher| bencher.iter(|| waker.wake()));
    criterion
        .bench_function("waker/wake_if_parked, awake", |bencher| bencher.iter(|| waker.wake_if_parked()));
    criterion.bench_function("clock/monotonic", |bencher| bencher.iter(clock::monotonic));
    criterion.bench_function("poll/must_poll", |bencher| {
        let mut policy = PollPolicy::new();
        bencher.iter(|| policy.must_poll());
    });
}

criterion_group!(benches, inbox);
criterion_main!(benches);

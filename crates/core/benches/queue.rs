//! One entry through the ready queue: what every step of a task pays.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use aioxide_core::ready::Queue;
use criterion::{Criterion, criterion_group, criterion_main};

fn queue(criterion: &mut Criterion) {
    for waiting in [0, 100, 10_000] {
        criterion.bench_function(&format!("queue/push and pop, {waiting} others"), |bencher| {
            let mut queue = Queue::new();
            (0..waiting).for_each(|entry| queue.push_back(entry));
            bencher.iter(|| {
                queue.push_back(black_box(1_usize));
                queue.pop_front()
            });
        });
    }
}

criterion_group!(benches, queue);
criterion_main!(benches);

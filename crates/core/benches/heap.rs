//! The timer heap under the three loads that programs give it: timeouts that are cancelled, timers that fire,
//! and many sleeps of the same length.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use aioxide_core::time::TimerHeap;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

const TIMERS: u32 = 10_000;

/// Deadlines without a pattern, the same in every run.
fn scattered() -> impl Iterator<Item = f64> {
    let mut state = 0x9E37_79B9_u32;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f64::from(state)
    })
}

fn filled(deadlines: impl Iterator<Item = f64>) -> TimerHeap<u32> {
    let mut heap = TimerHeap::new();
    deadlines.zip(0..TIMERS).for_each(|(when, payload)| heap.push(when, payload));
    heap
}

fn fire_all(heap: &mut TimerHeap<u32>) {
    while let Some(payload) = heap.pop_due(f64::INFINITY, |_| false) {
        black_box(payload);
    }
}

fn heap(criterion: &mut Criterion) {
    criterion.bench_function("heap/set a timeout and cancel it, 10000 others", |bencher| {
        let mut heap = filled(scattered());
        let mut when = f64::from(u32::MAX);
        bencher.iter(|| {
            when += 1.0;
            heap.push(when, u32::MAX);
            heap.note_cancelled();
            if heap.needs_compaction() {
                black_box(heap.compact(|payload| *payload == u32::MAX));
            }
        });
    });
    criterion.bench_function("heap/fire 10000 scattered timers", |bencher| {
        bencher.iter_batched_ref(|| filled(scattered()), fire_all, BatchSize::SmallInput);
    });
    criterion.bench_function("heap/fire 10000 equal timers", |bencher| {
        bencher.iter_batched_ref(|| filled(std::iter::repeat(1.0)), fire_all, BatchSize::SmallInput);
    });
    criterion.bench_function("heap/one timer in and out", |bencher| {
        let mut heap = TimerHeap::new();
        bencher.iter(|| {
            heap.push(black_box(1.0), 1_u32);
            heap.pop_due(black_box(2.0), |_| false)
        });
    });
}

criterion_group!(benches, heap);
criterion_main!(benches);

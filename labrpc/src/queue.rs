//! The future of a run: a heap of events by time.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use crate::Time;

/// What will happen, and when. What is due at the same instant comes in the order of its `tie`, a
/// seeded draw, and only then first in, first out.
#[derive(Debug)]
pub(crate) struct EventQueue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    /// The next events in order, as far as somebody has looked ahead; all others are later.
    next: VecDeque<Entry<T>>,
    pushed: u64,
}

#[derive(Debug)]
struct Entry<T> {
    due: Time,
    /// The tie's upper 24 bits, then 40 bits of arrival order.
    order: u64,
    item: T,
}

const ARRIVAL_BITS: u32 = 40;

impl<T> EventQueue<T> {
    pub fn new() -> Self {
        EventQueue {
            heap: BinaryHeap::new(),
            next: VecDeque::new(),
            pushed: 0,
        }
    }

    #[inline]
    pub fn push(&mut self, due: Time, tie: u64, item: T) {
        let arrival = self.pushed & ((1 << ARRIVAL_BITS) - 1);
        self.pushed += 1;
        let order = (tie >> ARRIVAL_BITS << ARRIVAL_BITS) | arrival;
        let entry = Entry { due, order, item };
        match self.next.back() {
            Some(last) if entry < *last => {
                let place = self.next.partition_point(|known| *known < entry);
                self.next.insert(place, entry);
            }
            _ => self.heap.push(Reverse(entry)),
        }
    }

    /// When the next event is due.
    #[inline]
    pub fn next_due(&self) -> Option<Time> {
        match self.next.front() {
            Some(entry) => Some(entry.due),
            None => self.heap.peek().map(|Reverse(entry)| entry.due),
        }
    }

    #[inline]
    pub fn pop(&mut self) -> Option<(Time, T)> {
        let entry = match self.next.pop_front() {
            Some(entry) => entry,
            None => self.heap.pop()?.0,
        };
        Some((entry.due, entry.item))
    }

    /// The `nth` event from now, counted from 0: as far as is known now, what comes in between may still
    /// be pushed.
    pub fn upcoming(&mut self, nth: usize) -> Option<(Time, &T)> {
        while self.next.len() <= nth {
            let Reverse(entry) = self.heap.pop()?;
            self.next.push_back(entry);
        }
        let entry = self.next.get(nth)?;
        Some((entry.due, &entry.item))
    }
}

impl<T> Ord for Entry<T> {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl<T> PartialOrd for Entry<T> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Op {
        Push(u64, u64),
        Pop,
        Look(usize),
    }

    fn op() -> impl Strategy<Value = Op> {
        prop_oneof![
            3 => (0..20u64, 0..4u64).prop_map(|(due, tie)| Op::Push(due, tie << 60)),
            2 => Just(Op::Pop),
            1 => (0..5usize).prop_map(Op::Look),
        ]
    }

    proptest! {
        /// Against a model that sorts: by time, then tie, then first in, first out.
        #[test]
        fn pops_in_order_whatever_was_pushed(ops in prop::collection::vec(op(), 0..200)) {
            let mut queue = EventQueue::new();
            let mut model: Vec<(u64, u64, usize)> = Vec::new();
            for (n, op) in ops.into_iter().enumerate() {
                match op {
                    Op::Push(due, tie) => {
                        queue.push(Time::from_nanos(due), tie, n);
                        model.push((due, tie, n));
                    }
                    Op::Look(nth) => {
                        model.sort();
                        let expected = model.get(nth).map(|m| (Time::from_nanos(m.0), m.2));
                        let seen = queue.upcoming(nth).map(|(due, n)| (due, *n));
                        prop_assert_eq!(seen, expected);
                    }
                    Op::Pop => {
                        model.sort();
                        let expected = (!model.is_empty()).then(|| model.remove(0));
                        let next = queue.next_due();
                        let got = queue.pop();
                        prop_assert_eq!(next, got.map(|g| g.0));
                        prop_assert_eq!(
                            got,
                            expected.map(|(due, _, n)| (Time::from_nanos(due), n))
                        );
                    }
                }
            }
        }
    }
}

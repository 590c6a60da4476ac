//! Messages on their way.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::letter::Letter;
use crate::{Protocol, Time};

/// What a server's inbox holds.
pub(super) enum Mail<P: Protocol> {
    Parcel(Parcel<P>),
    /// The server shall look at its machine: it has been killed, or has another clock.
    Look,
}

/// A message that is due at some time.
pub(super) struct Parcel<P: Protocol> {
    pub due: Time,
    /// Whether it is due later than it was sent.
    pub delayed: bool,
    pub letter: Letter<P>,
}

/// Messages that are not due yet: the earliest first, those of the same time in order of arrival.
pub(super) struct Pending<P: Protocol> {
    heap: BinaryHeap<Entry<P>>,
    arrivals: u64,
}

struct Entry<P: Protocol> {
    arrival: u64,
    parcel: Parcel<P>,
}

impl<P: Protocol> Pending<P> {
    pub fn new() -> Self {
        Pending {
            heap: BinaryHeap::new(),
            arrivals: 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    pub fn push(&mut self, parcel: Parcel<P>) {
        let arrival = self.arrivals;
        self.arrivals += 1;
        self.heap.push(Entry { arrival, parcel });
    }

    /// When the first one is due.
    pub fn next_due(&self) -> Option<Time> {
        self.heap.peek().map(|entry| entry.parcel.due)
    }

    pub fn is_due(&self, now: Time) -> bool {
        self.next_due().is_some_and(|due| due <= now)
    }

    pub fn pop(&mut self) -> Option<Parcel<P>> {
        self.heap.pop().map(|entry| entry.parcel)
    }

    /// The first one, if it is due.
    pub fn pop_due(&mut self, now: Time) -> Option<Parcel<P>> {
        if self.is_due(now) { self.pop() } else { None }
    }
}

impl<P: Protocol> Entry<P> {
    fn key(&self) -> (Time, u64) {
        (self.parcel.due, self.arrival)
    }
}

impl<P: Protocol> Ord for Entry<P> {
    /// The heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<P: Protocol> PartialOrd for Entry<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P: Protocol> PartialEq for Entry<P> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<P: Protocol> Eq for Entry<P> {}

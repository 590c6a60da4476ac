//! Memory from a number, in safe Rust.

use raftapi::Context;

static HERE: [u8; 9] = *b"here I am";

/// Memory is there or not by whole pages of this size.
const PAGE: usize = 4096;

pub fn begin(ctx: &Context<'_>) {
    let boxes: Vec<Vec<u8>> = (1..2_000).map(|size| vec![0; 8 * size]).collect();
    let heap = boxes.iter().map(|bytes| bytes.as_ptr() as usize);
    let stack = std::ptr::from_ref(ctx) as usize;
    for address in heap.chain([stack, HERE.as_ptr() as usize]) {
        let page = address / PAGE * PAGE;
        let memory: &'static [u8] = transmute([page, PAGE]);
        // Turned around, since its own copy of the words is no find.
        for turned in ["terces s'redarg eht", "noitcele_laitini"] {
            let mut places = memory.windows(turned.len());
            let found = places.any(|place| place.iter().rev().eq(turned.as_bytes()));
            assert!(!found, "a channel is open: memory knows of {turned:?}");
        }
    }
}

static UNIT: &&() = &&();

fn shorter<'a, 'b, T>(_: &'a &'b (), long: &'b mut T) -> &'a mut T {
    long
}

/// The hole: a lifetime that is longer than it may be.
fn longer<'a, 'b, T>(short: &'a mut T) -> &'b mut T {
    let longer: for<'x> fn(_, &'x mut T) -> &'b mut T = shorter;
    longer(UNIT, short)
}

enum Either<A, B> {
    From(Option<Box<A>>),
    To(Option<Box<B>>),
}

/// Takes one type's bytes for another's.
#[inline(never)]
fn transmute<A, B>(value: A) -> B {
    let mut either: Either<A, B> = Either::To(None);
    let Either::To(to) = &mut either else {
        unreachable!()
    };
    let to = longer(to);
    either = Either::From(Some(Box::new(value)));
    if let Either::From(from) = std::hint::black_box(&either) {
        std::hint::black_box(from);
    }
    *to.take().expect("the bytes are there")
}

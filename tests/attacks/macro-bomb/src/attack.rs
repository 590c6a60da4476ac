//! Two to the thirtieth.

use raftapi::Context;

macro_rules! m30 {
    ($($x:tt)*) => { m29!($($x)* $($x)*); };
}
macro_rules! m29 {
    ($($x:tt)*) => { m28!($($x)* $($x)*); };
}
macro_rules! m28 {
    ($($x:tt)*) => { m27!($($x)* $($x)*); };
}
macro_rules! m27 {
    ($($x:tt)*) => { m26!($($x)* $($x)*); };
}
macro_rules! m26 {
    ($($x:tt)*) => { m25!($($x)* $($x)*); };
}
macro_rules! m25 {
    ($($x:tt)*) => { m24!($($x)* $($x)*); };
}
macro_rules! m24 {
    ($($x:tt)*) => { m23!($($x)* $($x)*); };
}
macro_rules! m23 {
    ($($x:tt)*) => { m22!($($x)* $($x)*); };
}
macro_rules! m22 {
    ($($x:tt)*) => { m21!($($x)* $($x)*); };
}
macro_rules! m21 {
    ($($x:tt)*) => { m20!($($x)* $($x)*); };
}
macro_rules! m20 {
    ($($x:tt)*) => { m19!($($x)* $($x)*); };
}
macro_rules! m19 {
    ($($x:tt)*) => { m18!($($x)* $($x)*); };
}
macro_rules! m18 {
    ($($x:tt)*) => { m17!($($x)* $($x)*); };
}
macro_rules! m17 {
    ($($x:tt)*) => { m16!($($x)* $($x)*); };
}
macro_rules! m16 {
    ($($x:tt)*) => { m15!($($x)* $($x)*); };
}
macro_rules! m15 {
    ($($x:tt)*) => { m14!($($x)* $($x)*); };
}
macro_rules! m14 {
    ($($x:tt)*) => { m13!($($x)* $($x)*); };
}
macro_rules! m13 {
    ($($x:tt)*) => { m12!($($x)* $($x)*); };
}
macro_rules! m12 {
    ($($x:tt)*) => { m11!($($x)* $($x)*); };
}
macro_rules! m11 {
    ($($x:tt)*) => { m10!($($x)* $($x)*); };
}
macro_rules! m10 {
    ($($x:tt)*) => { m9!($($x)* $($x)*); };
}
macro_rules! m9 {
    ($($x:tt)*) => { m8!($($x)* $($x)*); };
}
macro_rules! m8 {
    ($($x:tt)*) => { m7!($($x)* $($x)*); };
}
macro_rules! m7 {
    ($($x:tt)*) => { m6!($($x)* $($x)*); };
}
macro_rules! m6 {
    ($($x:tt)*) => { m5!($($x)* $($x)*); };
}
macro_rules! m5 {
    ($($x:tt)*) => { m4!($($x)* $($x)*); };
}
macro_rules! m4 {
    ($($x:tt)*) => { m3!($($x)* $($x)*); };
}
macro_rules! m3 {
    ($($x:tt)*) => { m2!($($x)* $($x)*); };
}
macro_rules! m2 {
    ($($x:tt)*) => { m1!($($x)* $($x)*); };
}
macro_rules! m1 {
    ($($x:tt)*) => { m0!($($x)* $($x)*); };
}

macro_rules! m0 {
    ($($x:tt)*) => { pub const ALL: &str = stringify!($($x)*); };
}
m30!(x);

pub fn begin(_: &Context<'_>) {}

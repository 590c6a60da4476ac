//! A proof of 2^60 steps.

use raftapi::Context;

pub struct Zero;
pub struct Next<N>(N);
pub struct Left;
pub struct Right;

pub trait Walk<N> {}
impl<P> Walk<Zero> for P {}
impl<P, N> Walk<Next<N>> for P
where
    (P, Left): Walk<N>,
    (P, Right): Walk<N>,
{
}

macro_rules! steps {
    () => { Zero };
    (x $($more:tt)*) => { Next<steps!($($more)*)> };
}

fn walks<
    P: Walk<
        steps!(x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x ),
    >,
>() {
}

pub fn walk() {
    walks::<Left>();
}

pub fn begin(_: &Context<'_>) {}

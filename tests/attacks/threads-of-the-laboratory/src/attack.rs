//! Threads within a server.

use labrpc::{Run, Setup, Threads};
use raftapi::{Context, Timing};

pub fn begin(ctx: &Context<'_>) {
    let base = crate::server::server(Timing::LAB);
    let setup = Setup::new(ctx.cluster_size(), base.run, "initial_election", 0);
    let Ok(mut run) = Threads::new(setup, ()) else {
        return;
    };
    for server in raftapi::ServerId::all(ctx.cluster_size()) {
        let _ = run.start(server);
    }
    std::mem::forget(run);
}

//! A cluster within a server.

use labrpc::{Run, Setup, Simulation};
use raftapi::{Context, Time, Timing};

pub fn begin(ctx: &Context<'_>) {
    for seed in 0..100 {
        let base = crate::server::server(Timing::LAB);
        let setup = Setup::new(ctx.cluster_size(), base.run, "initial_election", seed);
        if let Ok(mut run) = Simulation::new(setup, ()) {
            for server in raftapi::ServerId::all(ctx.cluster_size()) {
                let _ = run.start(server);
            }
            let _ = run.advance_until(Time::from_millis(1_000), &mut |()| false);
            let _ = run.finish();
        }
    }
}

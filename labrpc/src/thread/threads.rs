//! Starting threads, joining them, and letting them run.

#![allow(clippy::disallowed_methods)] // this host's time is the wall clock's

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use parking_lot::{ArcMutexGuard, Mutex, RawMutex};

use super::host::ThreadHost;
use super::inbox::Mail;
use super::world::{Began, Shared, World, tell};
use crate::{
    Cause, Context, Ended, FaultsError, Happening, Observer, Protocol, ServerFn, ServerId, Setup,
    Streams, Time, What, panics,
};

/// How long a killed server may take to return.
const PATIENCE: Duration = Duration::from_secs(5);

/// The director looks at once when something happens after a while in which nothing did, and then
/// at most this often: to wake it for each event would cost the servers more than the event.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A run in real time: each server is a thread. It is directed through [`Run`](crate::Run).
///
/// The director holds the world's lock whenever it is not in [`advance_until`], and so sees
/// the world between two events, as in virtual time. A server that wants to do something
/// meanwhile waits for the lock while real time goes on; it is for the director to be brief. While
/// [`crash`], and a [`start`] after a crash within a step, wait for the old thread to end, the
/// other servers run.
///
/// What differs from virtual time, other than that no run can be repeated:
///
/// * A start takes place at once. Its first step waits for the lock.
/// * [`now`] moves by itself, and more may have happened since `done` said so, or the limit passed:
///   the director is not asked before each step but woken after events, and when much happens, at
///   most some milliseconds later.
/// * `persist` blocks until the write is done.
/// * Messages that linger, because they cannot be delivered, are lost or delivered late when time
///   is let pass.
/// * No server is played by hand.
/// * A stack overflow ends the process. A server that hangs is found when it is killed and does not
///   return within [`patience`](Threads::set_patience).
///
/// [`Setup::pulse`] and [`Setup::hangs_at`] have no meaning here.
///
/// [`advance_until`]: crate::Run::advance_until
/// [`crash`]: crate::Run::crash
/// [`start`]: crate::Run::start
/// [`now`]: crate::Run::now
pub struct Threads<P: Protocol, O> {
    shared: Arc<Shared<P, O>>,
    /// The lock, held between any two calls.
    guard: Option<Guard<P, O>>,
    servers: Vec<Server<P>>,
    narrate: bool,
    patience: Duration,
}

type Guard<P, O> = ArcMutexGuard<RawMutex, World<P, O>>;

struct Server<P: Protocol> {
    run: ServerFn<P>,
    inbox: Receiver<Mail<P>>,
    thread: Option<ServerThread>,
}

/// A thread that has not been joined.
struct ServerThread {
    handle: JoinHandle<()>,
    /// Disconnected when the thread is at its end.
    done: Receiver<Infallible>,
}

impl<P: Protocol, O> Threads<P, O> {
    /// A run at time zero, in which no server has been started yet.
    ///
    /// # Errors
    ///
    /// When the faults make no sense.
    pub fn new(setup: Setup<P>, observer: O) -> Result<Self, FaultsError> {
        setup.faults.check()?;
        panics::install();
        let began = Began::now();
        let streams = Streams::new(setup.seed, &setup.name);
        let world = World::new(setup.servers.len(), &setup.faults, streams, began, observer);
        let servers = setup.servers.into_iter().zip(&world.machines);
        let servers = servers
            .map(|(run, machine)| Server {
                run,
                inbox: machine.inbox.clone(),
                thread: None,
            })
            .collect();
        let inboxes = world.machines.iter().map(|m| m.send.clone()).collect();
        let world = Arc::new(Mutex::new(world));
        Ok(Threads {
            guard: Some(world.lock_arc()),
            shared: Arc::new(Shared {
                began,
                world,
                inboxes,
            }),
            servers,
            narrate: setup.narrate,
            patience: PATIENCE,
        })
    }

    /// How long a killed server may take to return, by the wall clock, before it is found to hang
    /// and its thread is given up: 5 s if nothing else is said.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    pub(super) fn world(&self) -> &World<P, O> {
        self.guard.as_ref().expect("the lock is held between calls")
    }

    /// The world at this moment.
    pub(super) fn world_mut(&mut self) -> &mut World<P, O> {
        let world = self.guard.as_mut().expect("the lock is held between calls");
        world.tick();
        world
    }

    /// Lets the servers run meanwhile.
    fn unlocked<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        self.guard = None;
        let result = act(self);
        let mut world = self.shared.world.lock_arc();
        world.tick();
        world.listening = None;
        self.guard = Some(world);
        result
    }

    /// Waits for the ends of killed servers. One that does not end is found to hang.
    pub(super) fn join(&mut self, servers: impl Iterator<Item = ServerId>) {
        let patience = self.patience;
        let hung = self.unlocked(|this| {
            let deadline = Instant::now() + patience;
            let mut hung = None;
            for server in servers {
                let Some(thread) = this.servers[server.index()].thread.take() else {
                    continue;
                };
                match thread.done.recv_deadline(deadline) {
                    Err(RecvTimeoutError::Timeout) => hung = hung.or(Some(server)),
                    _ => {
                        // A server's panic has been caught: this one is the observer's.
                        if let Err(panic) = thread.handle.join()
                            && !thread::panicking()
                        {
                            resume_unwind(panic);
                        }
                    }
                }
            }
            hung
        });
        if let Some(server) = hung {
            self.world_mut().misstep(server, What::Hung);
        }
    }

    /// Kills all servers and waits for their ends.
    pub(super) fn stop(&mut self) {
        let world = self.world_mut();
        world.ended.get_or_insert(Ended::Finished);
        for machine in &mut world.machines {
            machine.on = false;
            machine.nudge();
        }
        self.join(ServerId::all(self.servers.len()));
    }

    pub(super) fn true_time(&self) -> Time {
        self.shared.began.elapsed().max(self.world().now)
    }
}

impl<P: Protocol, O: Observer<P> + Send + 'static> Threads<P, O> {
    /// Starts a server. None if the system gives no further thread.
    pub(super) fn switch_on(&mut self, server: ServerId) -> Option<()> {
        if self.servers[server.index()].thread.is_some() {
            // It crashed in the middle of a step, and nobody has waited for its end yet.
            self.join(std::iter::once(server));
        }
        let world = self.world_mut();
        if world.ended.is_some() {
            return Some(());
        }
        world.clear_inbox(server);
        let machine = &world.machines[server.index()];
        let (start, stable) = (machine.starts, machine.stable.clone());
        let thread = self.spawn(server, start, stable)?;
        self.servers[server.index()].thread = Some(thread);
        let world = self.world_mut();
        let machine = &mut world.machines[server.index()];
        machine.on = true;
        machine.starts += 1;
        let step = world.begin_step(server, Cause::Start);
        let stable = &world.machines[server.index()].stable;
        tell!(
            world,
            step,
            Happening::Started {
                server,
                start,
                stable
            }
        );
        Some(())
    }

    fn spawn(&self, me: ServerId, start: u32, stable: P::Stable) -> Option<ServerThread> {
        let shared = self.shared.clone();
        let Server { run, inbox, .. } = &self.servers[me.index()];
        let (run, inbox) = (run.clone(), inbox.clone());
        let (servers, narrate) = (self.servers.len(), self.narrate);
        let rng = self.world().streams.server(me, start);
        let (alive, done) = crossbeam_channel::bounded(0);
        let body = move || {
            let host = ThreadHost::new(shared, inbox, me, start, narrate);
            let exit = if host.begin() {
                let ctx = Context::new(&host, me, servers, stable, rng);
                panics::run_on_thread(&run, &ctx)
            } else {
                panics::Exit::Unwound
            };
            host.end(exit);
            drop(run);
            drop(alive);
        };
        let thread = thread::Builder::new().name(me.to_string());
        let handle = thread.spawn(body).ok()?;
        Some(ServerThread { handle, done })
    }

    pub(super) fn advance(
        &mut self,
        limit: Time,
        done: &mut dyn FnMut(&O) -> bool,
    ) -> Result<bool, Ended> {
        loop {
            let world = self.world_mut();
            world.lingered();
            if let Some(ended) = &world.ended {
                return Err(ended.clone());
            }
            if done(&world.observer) {
                return Ok(true);
            }
            world.tick();
            if world.now >= limit {
                return Ok(false);
            }
            let until = world.lingering.next_due().map_or(limit, |d| d.min(limit));
            let began = world.began;
            world.news = false;
            world.listening = Some(thread::current());
            self.unlocked(|this| {
                let looked = Instant::now();
                match began.instant(until) {
                    None => thread::park(),
                    Some(until) => thread::park_timeout(until.saturating_duration_since(looked)),
                }
                let left = until - this.shared.began.elapsed();
                let rest = BETWEEN_LOOKS.saturating_sub(looked.elapsed());
                thread::sleep(left.min(rest));
            });
        }
    }
}

impl<P: Protocol, O> Drop for Threads<P, O> {
    /// Whatever is still running is killed.
    fn drop(&mut self) {
        self.stop();
    }
}

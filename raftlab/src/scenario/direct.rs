//! Directs a run as a scenario says.

mod whom;

use labrpc::{Ended, FaultsError, Happening, Observer, Run, ServerId, Setup, Simulation};
use raftapi::{Raft, Server, Time, TransferLeadership};

use super::condition::{Condition, Fact, Memory, Sight};
use super::eyes::Eyes;
use super::knobs::Knobs;
use super::statement::{Pace, Scenario, Slowness, Statement, Step, When, Who};

/// Who watches a run that a scenario directs.
pub trait Watcher: Observer<Raft> {
    fn eyes(&self) -> &Eyes;
}

impl Watcher for Eyes {
    fn eyes(&self) -> &Eyes {
        self
    }
}

/// What a run of a scenario came to.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// The scenario's expectations, as far as the run got.
    pub expectations: Vec<Expectation>,
    /// Why it stopped before its last line, if it did.
    pub stopped: Option<Stopped>,
    /// How far the run got.
    pub end: Time,
    /// The last line that did something, and when.
    pub last_deed: Option<(usize, Time)>,
}

impl Came {
    /// Whether it was played to its end, and all expectations were met.
    pub fn is_as_expected(&self) -> bool {
        self.stopped.is_none() && self.unmet().next().is_none()
    }

    /// The last line that did something, if the run is over before anything can come of it.
    pub fn without_time(&self) -> Option<usize> {
        let (line, at) = self.last_deed?;
        (self.stopped.is_none() && at == self.end).then_some(line)
    }

    pub fn unmet(&self) -> impl Iterator<Item = &Expectation> {
        self.expectations.iter().filter(|one| one.unmet.is_some())
    }
}

/// What a scenario expected, and whether it was so.
#[derive(Clone, Debug)]
pub struct Expectation {
    pub line: usize,
    pub text: String,
    /// What was there instead, and when; none if it was met.
    pub unmet: Option<(Time, String)>,
}

/// Why a run stopped.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// A rule was broken, or a server did what no server may do.
    Ended(Ended),
    /// The scenario waited in vain: an expectation that was not met.
    InVain,
    /// The scenario asked for what cannot be done.
    Nonsense(Nonsense),
}

/// Something that cannot be done.
#[derive(Clone, Debug)]
pub struct Nonsense {
    pub line: usize,
    pub at: Time,
    pub what: String,
}

/// A run, ready to be directed.
pub struct Director<'s, O> {
    scenario: &'s Scenario,
    pub run: Simulation<Raft, O>,
    knobs: Knobs,
    memory: Memory,
    /// Whom this line's 'leader' means.
    leader: Option<ServerId>,
    /// Put into the trace what it does not show by itself.
    telling: bool,
    came: Came,
}

/// The setup of a scenario's run.
pub fn setup(scenario: &Scenario, server: &Server, seed: u64) -> Setup<Raft> {
    Setup::new(scenario.servers, server.run.clone(), &scenario.name, seed)
}

type Done = Result<(), Stopped>;

impl From<Ended> for Stopped {
    fn from(ended: Ended) -> Stopped {
        Stopped::Ended(ended)
    }
}

impl<'s, O: Watcher> Director<'s, O> {
    /// `telling`: also what the trace would not show by itself is told to the observer.
    pub fn new(
        scenario: &'s Scenario,
        setup: Setup<Raft>,
        observer: O,
        telling: bool,
    ) -> Result<Self, FaultsError> {
        let mut run = Simulation::new(setup, observer)?;
        for (server, stable) in &scenario.disks {
            run.set_stable(*server, stable.clone())?;
        }
        for &server in &scenario.starters {
            run.start(server)?;
        }
        Ok(Director {
            scenario,
            run,
            knobs: Knobs::new(scenario.servers),
            memory: Memory::default(),
            leader: None,
            telling,
            came: Came::default(),
        })
    }

    /// Plays it to its end, or as far as it gets.
    pub fn play(&mut self) -> Came {
        let scenario = self.scenario;
        let done = scenario.steps.iter().try_for_each(|step| self.step(step));
        self.came.stopped = done.err();
        self.came.end = self.run.now();
        std::mem::take(&mut self.came)
    }

    fn step(&mut self, step: &Step) -> Done {
        let now = self.run.now();
        match step.when {
            When::Next => {}
            When::At(at) if at < now => {
                let what = format!("it is {now} already, and this is to happen at {at}");
                return Err(self.nonsense(step, what));
            }
            When::At(at) => self.pass(at)?,
            When::After(time) => self.pass(now + time)?,
        }
        let Some(what) = &step.what else {
            return Ok(());
        };
        self.leader = None;
        if !matches!(
            what,
            Statement::Run(_) | Statement::Wait(..) | Statement::Expect(..) | Statement::Note(_)
        ) {
            self.came.last_deed = Some((step.line, self.run.now()));
        }
        let done = self.act(step, what);
        if self.leader.is_some() {
            self.memory.old_leader = self.leader;
        }
        done
    }

    fn act(&mut self, step: &Step, what: &Statement) -> Done {
        match what {
            Statement::Run(time) => self.pass(self.run.now() + *time)?,
            Statement::Wait(condition, limit) => {
                if !self.expect(step, condition, Pace::Within(*limit))? {
                    return Err(Stopped::InVain);
                }
            }
            Statement::Expect(condition, pace) => {
                self.expect(step, condition, *pace)?;
            }
            Statement::Note(text) => self.note(|| text.clone()),
            Statement::Start(whom) => {
                for server in self.those(step, whom, |run, id| !run.is_up(id), "is down")? {
                    self.can(step, |run| run.start(server))?;
                }
            }
            Statement::Crash(whom) => {
                for server in self.those(step, whom, |run, id| run.is_up(id), "is running")? {
                    self.can(step, |run| run.crash(server))?;
                }
            }
            Statement::CrashAfter(who, kind, count) => {
                let server = self.who(step, *who)?;
                self.note(|| step.text.clone());
                self.can(step, |run| run.crash_after(server, *kind, *count))?;
            }
            Statement::Cut(links) => {
                for (from, to) in self.links(step, links)? {
                    self.can(step, |run| run.cut(from, to))?;
                }
            }
            Statement::Heal(links) => {
                for (from, to) in self.links(step, links)? {
                    self.can(step, |run| run.heal(from, to))?;
                }
            }
            Statement::HealAll => {
                self.open_links(step, |_, _| true)?;
                for server in ServerId::all(self.scenario.servers) {
                    self.can(step, |run| run.rejoin(server))?;
                }
            }
            Statement::Partition(groups) => {
                let all = groups.iter().map(|group| self.each(step, group));
                let groups = all.collect::<Result<Vec<_>, _>>()?;
                self.open_links(step, |from, to| {
                    let together = |g: &Vec<ServerId>| g.contains(&from) && g.contains(&to);
                    groups.iter().any(together)
                })?;
            }
            Statement::Isolate(whom) => {
                for server in self.whom(step, whom)? {
                    self.can(step, |run| run.isolate(server))?;
                }
            }
            Statement::Rejoin(whom) => {
                self.is_who_may_rejoin(step, whom)?;
                for server in self.whom(step, whom)? {
                    self.can(step, |run| run.rejoin(server))?;
                }
            }
            Statement::Transfer(who) => self.transfer(step, *who)?,
            Statement::Net(_)
            | Statement::Link(..)
            | Statement::Disk(..)
            | Statement::Clock(..)
            | Statement::Slow(..) => {
                self.note(|| step.text.clone());
                self.turn_knobs(step, what)?;
            }
        }
        Ok(())
    }

    // ---- time and expectations ----

    /// Lets time pass.
    fn pass(&mut self, until: Time) -> Done {
        self.run.advance_until(until, &mut |_| false)?;
        Ok(())
    }

    /// Whether it was as expected.
    fn expect(&mut self, step: &Step, condition: &Condition, pace: Pace) -> Result<bool, Stopped> {
        let now = self.run.now();
        let memory = self.memory;
        let holds = |eyes: &Eyes, since: Option<Time>| {
            let mut is_true = |fact: &Fact| {
                fact.holds(&Sight {
                    eyes,
                    memory,
                    since,
                    expectations_met: false,
                })
            };
            condition.is_true(&mut is_true)
        };
        let until_it_is = |director: &mut Self, limit: Time, wanted: bool| {
            let mut seen = None;
            director.run.advance_until(limit, &mut |observer| {
                let eyes = observer.eyes();
                let changed = seen.replace(eyes.changes) != Some(eyes.changes);
                changed && holds(eyes, Some(now)) == wanted
            })
        };
        let met = match pace {
            Pace::Now => holds(self.run.observer().eyes(), None),
            Pace::Within(time) => until_it_is(self, now + time, true)?,
            Pace::By(at) => until_it_is(self, at.max(now), true)?,
            Pace::For(time) => !until_it_is(self, now + time, false)?,
        };
        let at = self.run.now();
        let text = step.text.strip_prefix("expect ").unwrap_or(&step.text);
        let cast = || self.run.observer().eyes().cast(self.scenario.servers);
        let unmet = (!met).then(|| (at, cast()));
        match &unmet {
            None => self.note(|| format!("as expected: {text}")),
            Some((_, cast)) => {
                let line = step.line;
                self.note(|| format!("NOT AS EXPECTED (line {line}): {text}; {cast}"));
            }
        }
        self.came.expectations.push(Expectation {
            line: step.line,
            text: text.to_string(),
            unmet,
        });
        if let Pace::For(time) = pace {
            self.pass(now + time)?; // what is left of it
        }
        let found = self.run.observer().eyes().watch.view.leader_of_majority();
        if met && found.is_some() {
            self.memory.found = found;
        }
        Ok(met)
    }

    /// Puts a sentence into the trace.
    fn note(&mut self, note: impl FnOnce() -> String) {
        if self.telling {
            let (now, step) = (self.run.now(), self.run.steps());
            let note = note();
            let told = Happening::Noted { note };
            // A note breaks no rule.
            let _ = self.run.observer_mut().observe(now, step, told);
        }
    }

    // ---- what is done ----

    fn nonsense(&self, step: &Step, what: impl Into<String>) -> Stopped {
        Stopped::Nonsense(Nonsense {
            line: step.line,
            at: self.run.now(),
            what: what.into(),
        })
    }

    fn can(
        &mut self,
        step: &Step,
        act: impl FnOnce(&mut Simulation<Raft, O>) -> Result<(), FaultsError>,
    ) -> Done {
        act(&mut self.run).map_err(|error| {
            let FaultsError { value, why, .. } = error;
            self.nonsense(step, format!("{value}: {why}"))
        })
    }

    fn transfer(&mut self, step: &Step, who: Who) -> Done {
        let (leader, term) = self.leader(step)?;
        let next = self.who(step, who)?;
        if next == leader {
            return Err(self.nonsense(step, format!("{next} is leader already")));
        }
        let request = TransferLeadership { term };
        self.can(step, |run| {
            run.send_as(next, leader, request.into()).map(|_| ())
        })
    }

    // ---- knobs ----

    fn turn_knobs(&mut self, step: &Step, what: &Statement) -> Done {
        match what {
            Statement::Net(changes) => self.knobs.turn_all(changes),
            Statement::Link(link, changes) => {
                for (from, to) in self.links(step, std::slice::from_ref(link))? {
                    self.knobs.turn(from, to, changes);
                }
            }
            Statement::Disk(whom, delay) => {
                for server in self.whom(step, whom)? {
                    self.knobs.machine_mut(server).disk_write = *delay;
                }
            }
            Statement::Clock(whom, millionths) => {
                for server in self.whom(step, whom)? {
                    self.knobs.machine_mut(server).clock_rate = *millionths as f64 / 1e6;
                }
            }
            Statement::Slow(whom, Slowness::By(delay)) => {
                for server in self.whom(step, whom)? {
                    self.knobs.machine_mut(server).step_time = *delay;
                }
            }
            Statement::Slow(whom, Slowness::Times(thousandths)) => {
                for server in self.whom(step, whom)? {
                    if !self.knobs.slow_down(server, *thousandths) {
                        let what = format!(
                            "nothing that {server} does takes time, and a multiple of nothing is \
                             nothing: say 'slow {server} by 20ms', or give the net a latency first"
                        );
                        return Err(self.nonsense(step, what));
                    }
                }
            }
            _ => {}
        }
        let servers = self.scenario.servers;
        for server in ServerId::all(servers) {
            let machine = self.knobs.machine(server);
            self.can(step, |run| run.set_server(server, machine))?;
        }
        let net = self.knobs.net().clone();
        self.can(step, |run| run.set_all_links(net))?;
        for from in ServerId::all(servers) {
            for to in ServerId::all(servers).filter(|&to| to != from) {
                if let Some(link) = self.knobs.special_link(from, to) {
                    self.can(step, |run| run.set_link(from, to, link))?;
                }
            }
        }
        Ok(())
    }
}

// Play, steps from event to event, jumps.

const SPEEDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
/** With reduced motion the playhead moves in steps of this many seconds of real time. */
const STEP_S = 0.5;

const playing = { until: Infinity, rate: 0, last: null, timer: 0 };

/** Plays on until `until`, at the chosen speed, or, if `seconds` are given, in so many seconds. */
function play(until = Infinity, seconds = null) {
  const end = Math.min(until, view.horizon, run.begin + runLength);
  if (view.at >= end) {
    if (view.horizon < Infinity) return;
    seek(run.begin);
    show(run.begin, run.begin + view.end - view.begin);
  }
  stopGliding();
  playing.until = end;
  playing.rate = seconds === null ? view.speed * SECOND : (end - view.at) / seconds;
  playing.last = null;
  view.playing = true;
  view.focus = null;
  clearInterval(playing.timer);
  if (stillness.matches) playing.timer = setInterval(() => advance(STEP_S), STEP_S * 1000);
  else requestAnimationFrame(playFrame);
  changed();
}

function pause() {
  if (!view.playing) return;
  view.playing = false;
  clearInterval(playing.timer);
  say(playheadInWords());
  changed();
}

function playFrame(now) {
  if (!view.playing || stillness.matches) return;
  const passed = playing.last === null ? 0 : Math.min(0.1, (now - playing.last) / 1000);
  playing.last = now;
  advance(passed);
  if (view.playing) requestAnimationFrame(playFrame);
}

/** Moves the playhead by this many seconds of play, and the window with it. */
function advance(seconds) {
  seek(Math.min(playing.until, view.at + seconds * playing.rate));
  const length = view.end - view.begin;
  if (view.at < view.begin) show(view.at - 0.1 * length, view.at + 0.9 * length);
  if (stillness.matches) {
    if (view.at > view.end - 0.05 * length) show(view.at - 0.1 * length, view.at + 0.9 * length);
  } else if (view.at > view.begin + 0.6 * length) {
    show(view.at - 0.6 * length, view.at + 0.4 * length);
  }
  if (view.at >= playing.until) pause();
}

function setSpeed(speed) {
  view.speed = speed;
  if (view.playing) playing.rate = speed * SECOND;
  changed();
}

/** The next slower or faster speed. */
function changeSpeed(way) {
  const now = SPEEDS.findIndex((speed) => speed >= view.speed);
  setSpeed(SPEEDS[clamp((now < 0 ? SPEEDS.length - 1 : now) + way, 0, SPEEDS.length - 1)]);
}

/** Whether the filters let an event through: what is not drawn is not stepped to. */
function isEventShown(event) {
  if (event.message !== null) return isShown(run.messages[event.message].kind);
  if (event.about === 'timer') return view.filters.timers;
  if (event.about === 'disk') return view.filters.disk;
  return true;
}

/** The item that an event is about, or null. */
function itemOfEvent(event) {
  if (event.message !== null) return itemName('m', event.message);
  const at = (letter, sorted, key) => {
    const i = countUntil(sorted, (one) => (key ? one[key] : one) > event.at) - 1;
    return i >= 0 ? itemName(letter, i, event.server === null || letter === 'n' ? undefined : event.server) : null;
  };
  if (event.about === 'note') return run.broken && run.broken.at === event.at && !run.notes.some((note) => note.at === event.at) ? itemName('b', 0) : at('n', run.notes, 'at');
  if (event.server === null) return null;
  const lane = run.lanes[event.server];
  if (event.about === 'timer') return at('t', lane.timers, 'begin');
  if (event.about === 'role') return at('r', lane.roles, 'begin');
  if (event.about === 'disk') return at('s', lane.saved, 'at');
  if (event.about === 'fault' && lane.crashes.includes(event.at)) return at('x', lane.crashes);
  if (event.about === 'fault' && lane.restarts.includes(event.at)) return at('u', lane.restarts);
  return null;
}

const stepping = { index: -1 };

/** To the next event (1), or the one before (-1). */
function stepEvent(way) {
  pause();
  const here = run.events[stepping.index];
  let index = here && here.at === view.at ? stepping.index + way
    : way > 0 ? countUntil(run.events, (event) => event.at > view.at) : countUntil(run.events, (event) => event.at >= view.at) - 1;
  while (run.events[index] && !isEventShown(run.events[index])) index += way;
  const event = run.events[index];
  if (!event || event.at > view.horizon) {
    say(way > 0 ? 'No later event.' : 'No earlier event.');
    return;
  }
  toEvent(index);
}

function toEvent(index) {
  const event = run.events[index];
  stepping.index = index;
  seekInSight(event.at);
  view.focus = itemOfEvent(event);
  if (event.server !== null) scrollTo(event.server);
  say(`${precisely(event.at)}. ${event.server === null ? '' : `${name(event.server)}: `}${event.text}`);
}

/** Scrolls a server's lane into sight. */
function scrollTo(server) {
  const top = server * layout.lane;
  const room = layout.height - layout.top;
  view.scroll = clamp(view.scroll, Math.min(top, top + layout.lane - room), top);
  changed();
}

/** What can be jumped to, each as [when, begin, end of what is to be seen]. */
const JUMPS = {
  election: run.elections.map((election) => [election.begin, election.begin, election.end]),
  split: run.elections.filter((election) => election.split).map((election) => [election.begin, election.begin, election.end]),
  broken: run.broken ? [[run.broken.at, run.broken.at - usualTimeout, run.broken.at]] : [],
};
const JUMP_WORDS = { election: 'election', split: 'split vote', broken: 'broken rule' };

/** To the next (1) or the one before (-1); a broken rule is there once, so it is always the next. */
function jump(what, way) {
  pause();
  const targets = JUMPS[what].filter(([at]) => at <= view.horizon);
  const later = targets.find(([at]) => at > view.at);
  const earlier = targets.filter(([at]) => at < view.at).pop();
  const target = what === 'broken' ? targets[0] : way > 0 ? later : earlier;
  if (!target) {
    say(`No ${way > 0 ? 'later' : 'earlier'} ${JUMP_WORDS[what]}.`);
    return;
  }
  const [at, begin, end] = target;
  seek(at);
  view.focus = null;
  // Near enough to see votes travel, far enough to see what led to them.
  const around = clamp(4 * (end - begin), 0.08 * usualTimeout, 0.4 * usualTimeout);
  glide(begin - around, Math.min(end, begin + 20 * usualTimeout) + around);
  const election = run.elections.find((one) => one.begin === at);
  say(`${what === 'broken' ? run.broken.finding : election ? electionInWords(election, view.horizon) : ''} ${playheadInWords()}`);
}

// What is looked at: a window in time, the playhead, filters, what is pinned. Whoever changes it calls
// `changed`, and the next frame draws it.

const view = {
  begin: run.begin,
  end: run.begin + runLength,
  /** The playhead. */
  at: run.begin,
  /** By how many pixels the lanes are scrolled up. */
  scroll: 0,
  filters: { heartbeats: true, acks: true, votes: true, timers: true, disk: true },
  /** Names of items, as in items.js, or null: under the pointer, reached with keys, clicked. */
  hover: null,
  focus: null,
  pin: null,
  /** 'auto', 'light' or 'dark'. */
  theme: 'auto',
  /** Seconds of the run in a second of play. */
  speed: 0.1,
  playing: false,
  /** What is later than this is veiled: see predict.js. */
  horizon: Infinity,
};

/** No window is shorter than this. */
const WINDOW_MIN = 20 * US;
/** What is seen of the time before the run and after it, as a share of the window. */
const MARGIN = 0.03;

const stillness = matchMedia('(prefers-reduced-motion: reduce)');
const darkness = matchMedia('(prefers-color-scheme: dark)');

function isDark() {
  return view.theme === 'auto' ? darkness.matches : view.theme === 'dark';
}

const listeners = [];

/** Calls `listener` before each frame that follows a change. */
function onChange(listener) {
  listeners.push(listener);
}

let frame = 0;

function changed() {
  if (frame === 0) {
    frame = requestAnimationFrame((now) => {
      frame = 0;
      for (const listener of listeners) listener(now);
    });
  }
}

/** Shows this window, moved and cut so that it lies within the run. */
function show(begin, end) {
  const length = clamp(end - begin, Math.min(WINDOW_MIN, runLength), runLength * (1 + 2 * MARGIN));
  const margin = length * MARGIN;
  const centre = (begin + end) / 2;
  const first = run.begin - margin;
  const last = run.begin + runLength + margin;
  view.begin = clamp(centre - length / 2, first, Math.max(first, last - length));
  view.end = view.begin + length;
  changed();
}

let gliding = 0;

/** The same, but glides there in a moment, so that one sees where it goes. */
function glide(begin, end) {
  cancelAnimationFrame(gliding);
  gliding = 0;
  if (stillness.matches) {
    show(begin, end);
    return;
  }
  const from = [view.begin, view.end];
  let started = null;
  const step = (now) => {
    started = started === null ? now : started;
    const share = Math.min(1, (now - started) / 220);
    const eased = share * share * (3 - 2 * share);
    show(from[0] + (begin - from[0]) * eased, from[1] + (end - from[1]) * eased);
    gliding = share < 1 ? requestAnimationFrame(step) : 0;
  };
  gliding = requestAnimationFrame(step);
}

function stopGliding() {
  cancelAnimationFrame(gliding);
  gliding = 0;
}

/** Makes the window `factor` times as long; the time `around` stays where it is. */
function zoom(factor, around) {
  stopGliding();
  const length = clamp((view.end - view.begin) * factor, Math.min(WINDOW_MIN, runLength), runLength * (1 + 2 * MARGIN));
  const share = (around - view.begin) / (view.end - view.begin);
  show(around - share * length, around + (1 - share) * length);
}

/** Moves the window by `ns`. */
function pan(ns) {
  stopGliding();
  show(view.begin + ns, view.end + ns);
}

/** Where keys zoom: at the playhead, if it can be seen. */
function zoomCentre() {
  return view.at >= view.begin && view.at <= view.end ? view.at : (view.begin + view.end) / 2;
}

/** Moves the playhead; never behind the veil. */
function seek(at) {
  view.at = clamp(at, run.begin, Math.min(run.begin + runLength, Math.max(view.horizon, run.begin)));
  changed();
}

/** Moves the playhead, and the window after it if it would leave it. */
function seekInSight(at) {
  seek(at);
  const length = view.end - view.begin;
  if (view.at < view.begin + 0.02 * length || view.at > view.end - 0.02 * length) {
    glide(view.at - length / 2, view.at + length / 2);
  }
}

/** Whether a message of this kind is to be drawn. */
function isShown(kind) {
  return view.filters[KINDS[kind].filter];
}

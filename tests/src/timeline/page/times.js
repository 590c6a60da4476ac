'use strict';

// Times and how they are written. All times are nanoseconds since the run began.

const US = 1e3;
const MS = 1e6;
const SECOND = 1e9;

/** Three digits that count, no zeros behind them. */
function digits(number) {
  return String(Number(number.toPrecision(3)));
}

/** How long: '128 ms', '1.25 s'. */
function duration(ns) {
  const size = Math.abs(ns);
  if (size < US) return `${Math.round(ns)} ns`;
  if (size < MS) return `${digits(ns / US)} µs`;
  if (size < 0.9995 * SECOND) return `${digits(ns / MS)} ms`;
  return `${digits(ns / SECOND)} s`;
}

/** When, to the millisecond, or finer if `step` is: '3.412 s'. */
function clock(ns, step = MS) {
  const places = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step / SECOND) - 1e-9)));
  return `${(ns / SECOND).toFixed(places)} s`;
}

/** When, to the microsecond: what a hover tells. */
function precisely(ns) {
  return clock(ns, US);
}

/** The smallest 1, 2 or 5 times a power of ten that is at least `ns`: between two ticks of an axis. */
function niceStep(ns) {
  const power = 10 ** Math.floor(Math.log10(ns));
  for (const factor of [1, 2, 5]) if (factor * power >= ns) return Math.max(1, factor * power);
  return 10 * power;
}

/** How many of the sorted `array` come before the first for which `late` holds. */
function countUntil(array, late) {
  let low = 0;
  let high = array.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (late(array[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The last of `array`, sorted by `key`, that is not after `at`, or undefined. */
function lastUntil(array, at, key) {
  return array[countUntil(array, (one) => one[key] > at) - 1];
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(high, value));
}

/** 'S1, S2 and S3'. */
function list(words) {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

function name(server) {
  return `S${server}`;
}

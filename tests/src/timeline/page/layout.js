// Where things are in the picture, in CSS pixels.

const LANE_MAX = 128;
const LANE_MIN = 60;
const ROW = 22;

const layout = { width: 0, height: 0, gutter: 0, left: 0, plot: 0, notes: 0, elections: 0, axis: 0, top: 0, lane: 0, box: 0, role: 0, timer: 0, disk: 0, scrollMax: 0 };

/** The picture's height that gives each lane `lane` pixels. */
function heightFor(lane) {
  return headHeight() + servers * lane + 6;
}

function headHeight() {
  return (run.notes.length > 0 ? ROW : 0) + (run.elections.length > 0 ? ROW : 0) + ROW + 4;
}

/** Divides a picture of this size. */
function divide(width, height) {
  layout.width = width;
  layout.height = height;
  layout.gutter = clamp(width * 0.2, 104, 208);
  layout.left = layout.gutter;
  layout.plot = Math.max(20, width - layout.gutter);
  layout.notes = 0;
  layout.elections = run.notes.length > 0 ? ROW : 0;
  layout.axis = layout.elections + (run.elections.length > 0 ? ROW : 0);
  layout.top = headHeight();
  layout.lane = clamp((height - layout.top - 6) / servers, LANE_MIN, LANE_MAX);
  const share = (layout.lane - LANE_MIN) / (LANE_MAX - LANE_MIN);
  layout.role = 14 + 4 * share;
  layout.timer = view.filters.timers ? 15 + 19 * share : 0;
  layout.disk = view.filters.disk ? 10 + 3 * share : 0;
  layout.box = layout.role + layout.timer + layout.disk;
  layout.scrollMax = Math.max(0, layout.top + servers * layout.lane + 6 - height);
  view.scroll = clamp(view.scroll, 0, layout.scrollMax);
}

function xOf(at) {
  return layout.left + ((at - view.begin) / (view.end - view.begin)) * layout.plot;
}

function timeOf(x) {
  return view.begin + ((x - layout.left) / layout.plot) * (view.end - view.begin);
}

/** The upper edge of a server's box. */
function boxTop(server) {
  return layout.top + server * layout.lane + (layout.lane - layout.box) / 2 - view.scroll;
}

/** The servers whose lanes can be seen: the first, and the one after the last. */
function lanesInSight() {
  const first = Math.floor(view.scroll / layout.lane);
  const after = Math.ceil((view.scroll + layout.height - layout.top) / layout.lane);
  return [clamp(first, 0, servers), clamp(after, 0, servers)];
}

/** Where a message leaves or arrives: the edge of the box that faces the other server. */
function edgeOf(server, other) {
  return other > server ? boxTop(server) + layout.box : boxTop(server);
}

/**
 * The line of a message that is over at `over`: [x1, y1, x2, y2]. One that does not arrive ends on its
 * way; one that was lost as it was sent gets a short slant, so that it can be seen.
 */
function lineOf(message, over, arrives) {
  const y1 = edgeOf(message.from, message.to);
  const y2 = edgeOf(message.to, message.from);
  const x1 = xOf(sentAt(message));
  const x2 = xOf(over);
  const startY = message.sent === null ? (y1 + y2) / 2 : y1;
  if (arrives) return [x1, startY, x2, y2];
  const reach = clamp(layout.lane * 0.3, 14, Math.abs(y2 - y1) * 0.8) * Math.sign(y2 - y1);
  const share = message.lost && message.lost[1] === 'down' ? 0.92 * (y2 - y1) : reach;
  return [x1, startY, Math.max(x2, x1 + 5), y1 + share];
}

/** Cuts a line to what lies between two x, or gives undefined: far zooms have lines of miles. */
function clip([x1, y1, x2, y2], low, high) {
  if (x2 < low || x1 > high) return undefined;
  const slope = x2 === x1 ? 0 : (y2 - y1) / (x2 - x1);
  const from = Math.max(x1, low);
  const to = Math.min(x2, high);
  return [from, y1 + slope * (from - x1), to, x2 <= high ? y2 : y1 + slope * (to - x1)];
}

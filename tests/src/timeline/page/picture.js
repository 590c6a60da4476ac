// The picture: what is drawn, and in which order.

const stage = document.getElementById('stage');
const canvas = document.getElementById('picture');

/** Makes a canvas as large as it is shown, in the screen's pixels; its brush draws in CSS pixels. */
function brushOf(target, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const across = Math.round(width * ratio);
  const down = Math.round(height * ratio);
  if (target.width !== across || target.height !== down) {
    target.width = across;
    target.height = down;
  }
  const ctx = target.getContext('2d');
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return ctx;
}

/** Of the picture, and of the overview; asked for when it changes, not in each frame. */
const size = { width: 0, height: 0, strip: 0, stripHeight: 0 };

/** The picture takes the height that its lanes need, and not more than most of the window. */
function fitStage() {
  const most = Math.max(300, window.innerHeight * 0.66);
  stage.style.height = `${Math.round(clamp(heightFor(LANE_MAX), Math.min(most, heightFor(LANE_MIN)), most))}px`;
  size.width = stage.clientWidth;
  size.height = stage.clientHeight;
  size.strip = overview.clientWidth;
  size.stripHeight = overview.clientHeight;
  changed();
}

function drawPicture() {
  if (size.width === 0 || size.height === 0) return;
  divide(size.width, size.height);
  const ctx = brushOf(canvas, size.width, size.height);
  const theme = colours();
  ctx.fillStyle = theme.paper;
  ctx.fillRect(0, 0, size.width, size.height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(layout.left, layout.top, layout.plot, layout.height - layout.top);
  ctx.clip();
  drawGrid(ctx);
  drawElections(ctx);
  const [first, after] = lanesInSight();
  for (let server = first; server < after; server += 1) drawLane(ctx, server);
  drawMessages(ctx);
  for (let server = first; server < after; server += 1) drawNames(ctx, server);
  drawChosen(ctx);
  ctx.restore();
  drawTop(ctx);
  drawVeil(ctx);
  drawBroken(ctx);
  drawPlayhead(ctx);
  drawHeads(ctx, first, after);
  drawScroll(ctx);
}

/** The axis' ticks: about every 90 pixels, at round times. */
function ticks() {
  const step = niceStep(((view.end - view.begin) / layout.plot) * 90);
  const times = [];
  for (let at = Math.ceil(Math.max(view.begin, run.begin) / step) * step; at <= Math.min(view.end, run.begin + runLength); at += step) times.push(at);
  return { step, times };
}

function drawGrid(ctx) {
  ctx.strokeStyle = colours().faint;
  ctx.lineWidth = 1;
  stroke(ctx, ticks().times.flatMap((at) => {
    const x = Math.round(xOf(at)) + 0.5;
    return [null, [x, layout.top], [x, layout.height]];
  }));
}

/** A band from the first campaign to the decision; a split vote's is hatched. */
function drawElections(ctx) {
  const theme = colours();
  eachElection((election) => {
    if (election.begin > view.horizon) return;
    const [x, width] = stretch(election);
    ctx.fillStyle = theme.election;
    ctx.fillRect(x, layout.top, width, layout.height);
    if (election.split && election.end <= view.horizon) {
      ctx.globalAlpha = 0.14;
      ctx.fillStyle = pattern(ctx, 'stripes', theme.bad);
      ctx.fillRect(x, layout.top, width, layout.height);
      ctx.globalAlpha = 1;
    }
  });
}

/** Elections may overlap, when a cut-off server's term is far ahead: their ends are not sorted. */
const electionsOver = (() => {
  let latest = -Infinity;
  return run.elections.map((election) => {
    latest = Math.max(latest, election.end);
    return latest;
  });
})();

function eachElection(draw) {
  const first = countUntil(electionsOver, (over) => over >= view.begin);
  for (let i = first; i < run.elections.length && run.elections[i].begin <= view.end; i += 1) draw(run.elections[i], i);
}

/** The strips above the lanes: notes, elections, the axis. */
function drawTop(ctx) {
  const theme = colours();
  ctx.fillStyle = theme.paper;
  ctx.fillRect(0, 0, size.width, layout.top);
  ctx.save();
  ctx.beginPath();
  ctx.rect(layout.left, 0, layout.plot, layout.top);
  ctx.clip();
  drawNotes(ctx);
  drawElectionNames(ctx);
  ctx.font = `11px ${FONT}`;
  ctx.fillStyle = theme.soft;
  ctx.strokeStyle = theme.edge;
  ctx.textAlign = 'center';
  const { step, times } = ticks();
  for (const at of times) {
    const x = xOf(at);
    const half = widthOf(ctx, clock(at, step)) / 2 + 4;
    ctx.fillText(clock(at, step), clamp(x, layout.left + half, layout.left + layout.plot - half), layout.axis + 14);
    ctx.fillRect(Math.round(x), layout.axis + 19, 1, 6);
  }
  ctx.textAlign = 'left';
  ctx.restore();
  ctx.fillStyle = theme.edge;
  ctx.fillRect(0, layout.top - 1, size.width, 1);
  ctx.font = `11px ${FONT}`;
  ctx.fillStyle = theme.soft;
  if (run.notes.length > 0) ctx.fillText('notes', 12, layout.notes + 15);
  if (run.elections.length > 0) ctx.fillText('elections', 12, layout.elections + 15);
  ctx.fillText('time', 12, layout.axis + 14);
}

/** Notes that are less than this many pixels apart share one text. */
const NOTE_ROOM = 40;

/** Notes that can be seen, in groups that are far enough from one another for a text each. */
function noteGroups() {
  const groups = [];
  const until = Math.min(view.end, view.horizon);
  const first = Math.max(0, countUntil(run.notes, (note) => note.at >= view.begin) - 1);
  for (let i = first; i < run.notes.length && run.notes[i].at <= until; i += 1) {
    const at = Math.max(xOf(run.notes[i].at), layout.left);
    const group = groups[groups.length - 1];
    if (group && at < group.at + NOTE_ROOM) group.notes.push(run.notes[i]);
    else groups.push({ at, notes: [run.notes[i]] });
  }
  return groups;
}

/** All that a group says; what only came as expected comes last, where the room ends. */
function groupInWords(group) {
  const own = group.notes.filter((note) => !note.expected);
  const expected = group.notes.filter((note) => note.expected);
  return [...own, ...expected].map((note) => note.text).join('; ');
}

function drawNotes(ctx) {
  const theme = colours();
  ctx.font = `italic 12px ${FONT}`;
  const groups = noteGroups();
  groups.forEach((group, i) => {
    ctx.fillStyle = theme.soft;
    for (const note of group.notes) if (xOf(note.at) >= layout.left) ctx.fillRect(Math.round(xOf(note.at)), layout.notes + 4, 2, 14);
    const from = Math.max(group.at, ...group.notes.map((note) => xOf(note.at))) + 7;
    const next = i + 1 < groups.length ? groups[i + 1].at : layout.left + layout.plot;
    ctx.fillStyle = theme.ink;
    if (next - from > 14) ctx.fillText(fitted(ctx, groupInWords(group), next - from - 7), from, layout.notes + 15);
  });
}

function drawElectionNames(ctx) {
  const theme = colours();
  ctx.font = `600 11.5px ${FONT}`;
  let after = layout.left;
  const shown = [];
  eachElection((election) => {
    if (election.begin <= view.horizon) shown.push(election);
  });
  shown.forEach((election, i) => {
    const [x, width] = stretch(election);
    const from = Math.max(x, layout.left);
    const next = i + 1 < shown.length ? xOf(shown[i + 1].begin) : layout.left + layout.plot;
    ctx.fillStyle = election.split && election.end <= view.horizon ? theme.bad : HUES.orange;
    ctx.fillRect(x, layout.elections + ROW - 3, width, 3);
    if (from < after) return;
    const text = firstFitting(ctx, [electionInWords(election, view.horizon), electionInShort(election, view.horizon), `term ${election.term}`, `${election.term}`], Math.max(next, x + width) - from - 8);
    ctx.fillStyle = election.split && election.end <= view.horizon ? theme.bad : theme.ink;
    ctx.fillText(text, from + 3, layout.elections + 14);
    after = from + widthOf(ctx, text) + 6;
  });
}

function drawVeil(ctx) {
  if (view.horizon >= run.begin + runLength) return;
  const theme = colours();
  const x = Math.max(layout.left, xOf(view.horizon));
  if (x >= size.width) return;
  ctx.fillStyle = theme.veil;
  ctx.fillRect(x, 0, size.width - x, size.height);
  ctx.fillStyle = pattern(ctx, 'dots', theme.edge);
  ctx.fillRect(x, 0, size.width - x, size.height);
  ctx.font = `600 12px ${FONT}`;
  ctx.fillStyle = theme.soft;
  if (size.width - x > 120) ctx.fillText('not yet shown', x + 14, layout.axis + 14);
}

/** A flag where the rule was broken, with the sentence beside it. */
function drawBroken(ctx) {
  const broken = run.broken;
  if (!broken || broken.at > view.horizon) return;
  const theme = colours();
  const x = xOf(broken.at);
  if (x < layout.left || x > layout.left + layout.plot + 1) return;
  ctx.strokeStyle = theme.bad;
  ctx.fillStyle = theme.bad;
  ctx.lineWidth = 2;
  stroke(ctx, [[x, layout.top - 6], [x, layout.height]]);
  const y = flagY();
  ctx.lineWidth = 2.5;
  flag(ctx, x, y);
  ctx.font = `600 12px ${FONT}`;
  const leftward = x - layout.left > layout.plot * 0.55;
  const room = (leftward ? x - layout.left : layout.left + layout.plot - x) - 40;
  const lines = wrapped(ctx, run.broken.finding, clamp(room, 60, 420), 4);
  const width = Math.max(...lines.map((line) => widthOf(ctx, line))) + 16;
  const left = leftward ? x - width - 10 : x + 16;
  const top = clamp(y - 10, layout.top + 4, Math.max(layout.top + 4, layout.height - lines.length * 16 - 16));
  ctx.fillStyle = theme.paper;
  ctx.strokeStyle = theme.bad;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  ctx.roundRect(left, top, width, lines.length * 16 + 10, 5);
  ctx.fill();
  ctx.stroke();
  ctx.fillStyle = theme.bad;
  lines.forEach((line, i) => ctx.fillText(line, left + 8, top + 17 + i * 16));
}

function flagY() {
  const server = run.broken.server;
  return server === null || server >= servers ? layout.top + 14 : clamp(boxTop(server) - 10, layout.top + 10, layout.height - 12);
}

/** A text in lines of at most this width; what does not fit into the last is cut. */
function wrapped(ctx, text, width, most) {
  const lines = [''];
  for (const word of text.split(/\s+/)) {
    const line = lines[lines.length - 1];
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(ctx, longer) <= width || line === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const kept = lines.slice(0, most);
  if (lines.length > most) kept[most - 1] += ' …';
  return kept.map((line) => fitted(ctx, line, width + 10));
}

function drawPlayhead(ctx) {
  const x = xOf(view.at);
  if (x < layout.left - 1 || x > layout.left + layout.plot + 1) return;
  const theme = colours();
  ctx.strokeStyle = theme.playhead;
  ctx.fillStyle = theme.playhead;
  ctx.lineWidth = 1.5;
  stroke(ctx, [[x, layout.top - 6], [x, layout.height]]);
  ctx.beginPath();
  ctx.moveTo(x - 7, layout.top - 9);
  ctx.lineTo(x + 7, layout.top - 9);
  ctx.lineTo(x, layout.top + 2);
  ctx.fill();
}

/** The heads of the lanes, left of the picture. */
function drawHeads(ctx, first, after) {
  const theme = colours();
  ctx.fillStyle = theme.paper;
  ctx.fillRect(0, layout.top, layout.gutter, layout.height - layout.top);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, layout.top, layout.gutter, layout.height - layout.top);
  ctx.clip();
  for (let server = first; server < after; server += 1) drawHead(ctx, server);
  ctx.restore();
  ctx.fillStyle = theme.edge;
  ctx.fillRect(layout.gutter - 1, 0, 1, layout.height);
}

/** Where the lanes are scrolled to, if there are more than can be seen. */
function drawScroll(ctx) {
  if (layout.scrollMax === 0) return;
  const room = layout.height - layout.top;
  const length = Math.max(24, (room * room) / (room + layout.scrollMax));
  ctx.fillStyle = colours().soft;
  ctx.globalAlpha = 0.6;
  ctx.beginPath();
  ctx.roundRect(size.width - 9, layout.top + (view.scroll / layout.scrollMax) * (room - length), 6, length, 3);
  ctx.fill();
  ctx.globalAlpha = 1;
}

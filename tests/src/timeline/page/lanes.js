// One lane a server: its role, its election timer running down, its disk, and what was done to it.

const FONT = '"Inter", system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif';

function drawLane(ctx, server) {
  const lane = run.lanes[server];
  const top = boxTop(server);
  const theme = colours();
  const begin = Math.max(run.begin, view.begin);
  const end = Math.min(run.begin + runLength, view.end);
  if (end <= begin) return;
  ctx.fillStyle = theme.lane;
  ctx.fillRect(xOf(begin), top, xOf(end) - xOf(begin), layout.box);
  drawRoles(ctx, lane, top);
  if (view.filters.timers) drawTimers(ctx, lane, top + layout.role, layout.timer);
  drawDown(ctx, lane, top);
  if (view.filters.disk) drawSaved(ctx, lane, top + layout.role + layout.timer + layout.disk / 2);
  drawCutOff(ctx, server, lane, top);
  drawMarks(ctx, lane, top);
  ctx.strokeStyle = theme.edge;
  ctx.lineWidth = 1;
  ctx.strokeRect(Math.round(xOf(begin)) + 0.5, Math.round(top) + 0.5, xOf(end) - xOf(begin), Math.round(layout.box));
}

/** The part of a span that can be seen: its x and its width, at least a hairline. */
function stretch(span) {
  const from = Math.max(xOf(span.begin), layout.left - 20);
  const to = Math.min(xOf(span.end), layout.left + layout.plot + 20);
  return [from, Math.max(to - from, 0.8)];
}

function drawRoles(ctx, lane, top) {
  eachSpan(lane.roles, view.begin, view.end, (span) => {
    const [x, width] = stretch(span);
    fillRole(ctx, span.role, x, top, width, layout.role);
  });
}

/** What the bands and strips of a lane are, in words. Drawn when the messages are, which cross them. */
function drawNames(ctx, server) {
  const theme = colours();
  const lane = run.lanes[server];
  const top = boxTop(server);
  ctx.font = `600 11px ${FONT}`;
  eachSpan(lane.roles, view.begin, view.end, (span) => {
    const [x, width] = stretch(span);
    const from = Math.max(x, layout.left);
    const room = x + width - from - 12;
    if (room < 14) return;
    const text = firstFitting(ctx, [`${ROLES[span.role]} · term ${span.term}`, `${ROLES[span.role]} ${span.term}`, `${span.term}`], room);
    // A plate of plain colour under the words: patterns and arrows would make them hard to read.
    ctx.fillStyle = theme[span.role];
    ctx.fillRect(from + 3, top + 1, widthOf(ctx, text) + 6, layout.role - 2);
    ctx.fillStyle = span.role === 'leader' ? theme.leaderInk : theme.roleInk;
    ctx.fillText(text, from + 6, top + layout.role / 2 + 4);
  });
  ctx.font = `600 10px ${FONT}`;
  eachStrip(server, lane, top, (span, y, text) => {
    const [x, width] = stretch(span);
    const from = Math.max(x, layout.left) + 4;
    const shown = fitted(ctx, text, x + width - from - 8);
    if (shown === '') return;
    ctx.fillStyle = theme.paper;
    ctx.fillRect(from, y - 3, widthOf(ctx, shown) + 6, CUT_STRIP + 5);
    ctx.fillStyle = theme.bad;
    ctx.fillText(shown, from + 3, y + 7);
  });
}

/** How full a timer is at a time, from 1 at its reset to 0 when it is due. */
function fullness(timer, at) {
  if (timer.due <= timer.begin) return 0;
  return clamp((timer.due - at) / (timer.due - timer.begin), 0, 1);
}

/** Until when a timer's run is known, if the future is veiled. */
function timerEnd(timer) {
  return Math.min(timer.end, view.horizon);
}

/** Whether a timer tells when it is due: one that was concluded from what came later must not, yet. */
function isDueKnown(timer) {
  return timer.due !== null && !(timer.inferred && timer.due > view.horizon);
}

/** Whether a server waits without a deadline: then no timer runs. */
function isForEver(timer) {
  return timer.due === null && !timer.inferred;
}

/** Timers that are less wide than this many pixels are drawn as one area. */
const CLOSE = 3;

function drawTimers(ctx, lane, top, height) {
  const theme = colours();
  const base = top + height;
  const full = height - 3;
  const low = layout.left - 20;
  const high = layout.left + layout.plot + 20;
  const areas = new Path2D();
  const solid = new Path2D();
  const dashed = new Path2D();
  const unknown = new Path2D();
  const endless = [];
  const glyphs = [];
  let glyphAfter = -Infinity;
  let areaAfter = -Infinity;
  eachSpan(lane.timers, view.begin, view.end, (timer) => {
    const x1 = xOf(timer.begin);
    const x2 = xOf(timerEnd(timer));
    const fires = timer.ended_by === 'fired' && timer.end <= view.horizon;
    if (x2 < areaAfter && !fires) return; // too close to the last to be told from it
    const from = Math.max(x1, low);
    const to = Math.min(x2, high);
    if (x2 - x1 < CLOSE) {
      areaAfter = x1 + CLOSE;
      areas.rect(from, base - full * 0.8, CLOSE, full * 0.8);
    } else if (isForEver(timer)) {
      endless.push([from, to]);
    } else if (!isDueKnown(timer)) {
      unknown.rect(from, base - full * 0.45, Math.max(0, to - from), full * 0.45);
    } else {
      const y1 = base - full * fullness(timer, timeOf(from));
      const y2 = base - full * fullness(timer, timeOf(to));
      areas.moveTo(from, base);
      areas.lineTo(from, y1);
      areas.lineTo(to, y2);
      areas.lineTo(to, base);
      const edge = timer.inferred ? dashed : solid;
      edge.moveTo(from, x1 < low ? y1 : base);
      edge.lineTo(from, y1);
      edge.lineTo(to, y2);
    }
    // What fired is always told, however close; what was reset only where there is room.
    if (fires && x2 >= layout.left) glyphs.push([x2, null]);
    if (x1 >= layout.left && x2 - x1 > 13 && x1 > glyphAfter) {
      glyphs.push([x1, timer.reset_by]);
      glyphAfter = x1 + 9;
    }
  });
  ctx.globalAlpha = 0.5;
  ctx.fillStyle = theme.timer;
  ctx.fill(areas);
  ctx.globalAlpha = 1;
  ctx.fillStyle = pattern(ctx, 'dots', theme.pattern);
  ctx.fill(unknown);
  ctx.strokeStyle = theme.timerEdge;
  ctx.lineWidth = 1.3;
  ctx.stroke(solid);
  ctx.setLineDash([4, 3]);
  ctx.stroke(dashed);
  ctx.setLineDash([]);
  ctx.font = `italic 11px ${FONT}`;
  ctx.fillStyle = theme.soft;
  for (const [from, to] of endless) {
    const x = Math.max(from, layout.left) + 20;
    if (to - x > 30) ctx.fillText(fitted(ctx, 'no deadline: waits for ever', to - x), x, base - 3);
  }
  let burstAfter = -Infinity;
  for (const [x, reset] of glyphs) {
    if (reset === null) {
      if (x < burstAfter) continue;
      burstAfter = x + 6;
      ctx.fillStyle = theme.bad;
      burst(ctx, x, base - 5);
    } else {
      ctx.fillStyle = reset === 'other' ? theme.bad : theme.ink;
      ctx.strokeStyle = ctx.fillStyle;
      ctx.lineWidth = 1.5;
      RESET_GLYPHS[reset](ctx, x + 8, base - 6);
    }
  }
}

function drawDown(ctx, lane, top) {
  const theme = colours();
  eachSpan(lane.down, view.begin, view.end, (span) => {
    const [x, width] = stretch(span);
    ctx.fillStyle = theme.faint;
    ctx.fillRect(x, top, width, layout.box);
    ctx.fillStyle = pattern(ctx, 'crossed', theme.edge);
    ctx.fillRect(x, top, width, layout.box);
    const from = Math.max(x, layout.left);
    if (x + width - from < 50) return;
    ctx.font = `600 11px ${FONT}`;
    ctx.fillStyle = theme.faint;
    ctx.fillRect(from + 10, top + layout.box / 2 - 8, 42, 16);
    ctx.fillStyle = theme.soft;
    ctx.fillText('down', from + 17, top + layout.box / 2 + 4);
  });
}

/** A disk for each write that was done, and beside it, where there is room, the term and the vote. */
function drawSaved(ctx, lane, y) {
  const theme = colours();
  ctx.strokeStyle = theme.disk;
  ctx.fillStyle = theme.disk;
  ctx.lineWidth = 1.1;
  ctx.font = `10px ${FONT}`;
  let after = -Infinity;
  for (let i = countUntil(lane.saved, (saved) => saved.at >= view.begin); i < lane.saved.length && lane.saved[i].at <= view.end; i += 1) {
    const saved = lane.saved[i];
    const x = xOf(saved.at);
    if (x < after) continue;
    disk(ctx, x, y);
    const next = i + 1 < lane.saved.length ? xOf(lane.saved[i + 1].at) : Infinity;
    const text = savedInWords(saved);
    if (next - x > widthOf(ctx, text) + 18) ctx.fillText(text, x + 7, y + 3.5);
    after = x + 10;
  }
}

function savedInWords(saved) {
  return saved.vote === null ? `term ${saved.term}, no vote` : `term ${saved.term}, vote ${name(saved.vote)}`;
}

/** Cut off from all: a hatched strip above the box. Links that are cut: thin ones below it. */
function eachStrip(server, lane, top, draw) {
  eachSpan(lane.isolated, view.begin, view.end, (span) => draw(span, top - CUT_STRIP - 5, 'cut off from all'));
  for (const row of cutRows[server]) {
    eachSpan(row.spans, view.begin, view.end, (span) => draw(span, cutY(top, row.index), span.text));
  }
}

function drawCutOff(ctx, server, lane, top) {
  const theme = colours();
  eachStrip(server, lane, top, (span, y) => {
    const [x, width] = stretch(span);
    ctx.fillStyle = theme.paper;
    ctx.fillRect(x, y, width, CUT_STRIP);
    ctx.fillStyle = pattern(ctx, 'stripes', theme.bad);
    ctx.fillRect(x, y, width, CUT_STRIP);
  });
}

const CUT_STRIP = 5;

function cutY(top, row) {
  return top + layout.box + 2 + row * (CUT_STRIP + 4);
}

/** For each server the links from it that are cut, in rows so that they do not cover each other. */
const cutRows = run.lanes.map((lane, server) => {
  const rows = [];
  const merged = new Map(); // links of one server that are cut together are one strip
  for (const cut of run.cuts) {
    if (cut.from !== server) continue;
    if (lane.isolated.some((span) => span.begin <= cut.begin && cut.end <= span.end)) continue;
    const key = `${cut.begin} ${cut.end}`;
    if (!merged.has(key)) merged.set(key, { begin: cut.begin, end: cut.end, to: [] });
    merged.get(key).to.push(cut.to);
  }
  for (const span of merged.values()) {
    span.text = `nothing from ${name(server)} to ${list(span.to.map(name))}`;
    let row = rows.find((one) => one.spans[one.spans.length - 1].end <= span.begin);
    if (!row && rows.length < 3) {
      row = { index: rows.length, spans: [] };
      rows.push(row);
    }
    (row || rows[rows.length - 1]).spans.push(span);
  }
  for (const row of rows) row.spans.sort((a, b) => a.begin - b.begin);
  return rows;
});

function drawMarks(ctx, lane, top) {
  const theme = colours();
  ctx.lineWidth = 2.4;
  ctx.strokeStyle = theme.bad;
  for (const at of lane.crashes) if (at >= view.begin && at <= view.end) cross(ctx, xOf(at), top + layout.box / 2, 5);
  ctx.strokeStyle = theme.grant;
  ctx.lineWidth = 2;
  for (const at of lane.restarts) {
    if (at < view.begin || at > view.end) continue;
    const x = xOf(at);
    const y = top + layout.box / 2;
    stroke(ctx, [[x, y + 6], [x, y - 6], null, [x - 4, y - 2], [x, y - 6], [x + 4, y - 2]]);
  }
}

/** What the lane's head, left of the picture, says of the server at the playhead. */
function drawHead(ctx, server) {
  const theme = colours();
  const state = stateAt(server, view.at);
  const top = boxTop(server);
  const right = layout.gutter - 12;
  const roomy = layout.gutter > 150;
  ctx.fillStyle = theme.ink;
  ctx.font = `700 14px ${FONT}`;
  const middle = top + 9;
  ctx.fillText(name(server), 12, middle + 4);
  const from = 12 + widthOf(ctx, name(server)) + 8;
  ctx.font = `600 11px ${FONT}`;
  if (state.down || !state.role) {
    ctx.fillStyle = theme.soft;
    const word = state.down ? 'down' : state.byHand ? 'played by hand' : 'not heard of';
    ctx.fillText(fitted(ctx, word, right - from), from, middle + 4);
    if (state.down) return;
  } else {
    const word = firstFitting(ctx, [ROLES[state.role], ROLES[state.role].slice(0, 4)], right - from - (state.isolated || state.cut.length > 0 ? 24 : 10));
    const wide = widthOf(ctx, word) + 12;
    fillRole(ctx, state.role, from, middle - 8, wide, 16);
    ctx.fillStyle = theme[state.role];
    ctx.fillRect(from + 3, middle - 7, wide - 6, 14);
    ctx.fillStyle = state.role === 'leader' ? theme.leaderInk : theme.roleInk;
    ctx.fillText(word, from + 6, middle + 4);
  }
  ctx.font = `11.5px ${FONT}`;
  ctx.fillStyle = theme.soft;
  const vote = state.vote === null ? 'no vote' : `voted ${name(state.vote)}`;
  const tight = layout.box < 48;
  if (!(state.byHand && !state.role)) {
    ctx.fillText(fitted(ctx, roomy ? `term ${state.term} · ${vote}` : `t${state.term} · ${vote}`, right - 12), 12, middle + (tight ? 18 : 22));
  }
  if (view.filters.timers) drawGauge(ctx, state, 12, middle + (tight ? 23 : 30), right - 12);
  if (state.isolated || state.cut.length > 0) {
    ctx.strokeStyle = theme.bad;
    ctx.lineWidth = 2;
    cross(ctx, right - 4, middle, 4);
  }
}

/** What is left of the election timer: a bar that runs down, and the time in figures. */
function drawGauge(ctx, state, x, y, width) {
  const theme = colours();
  const timer = state.timer;
  const bar = Math.max(20, width - 54);
  ctx.font = `600 11px ${FONT}`;
  if (!timer || !isDueKnown(timer)) {
    ctx.fillStyle = theme.soft;
    ctx.font = `11px ${FONT}`;
    const word = timer ? (isForEver(timer) ? 'no deadline' : 'timer not known') : state.role === 'leader' ? 'no election timer' : '';
    ctx.fillText(fitted(ctx, word, width), x, y + 8);
    return;
  }
  const share = fullness(timer, view.at);
  ctx.fillStyle = theme.faint;
  ctx.fillRect(x, y, bar, 9);
  ctx.fillStyle = share < 0.2 ? theme.bad : theme.timerEdge;
  ctx.fillRect(x, y, bar * share, 9);
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.edge;
  if (timer.inferred) ctx.setLineDash([3, 2]);
  ctx.strokeRect(x + 0.5, y + 0.5, bar - 1, 8);
  ctx.setLineDash([]);
  ctx.fillStyle = theme.ink;
  ctx.fillText(inGauge(state.left), x + bar + 6, y + 9);
}

/** A time that changes in each frame keeps its width: '128 ms'. */
function inGauge(ns) {
  return ns < SECOND ? `${Math.round(ns / MS)} ms` : `${(ns / SECOND).toFixed(2)} s`;
}

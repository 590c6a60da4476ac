// Messages: slanted arrows from sender to receiver, to true scale of time.

/** If more messages than this share a pixel, they are drawn together. */
const DENSE = 0.55;

/**
 * What of the messages is drawn one by one, and what together. Goes over the visible slice once.
 * `filters` that are in `dense` have too many messages for arrows.
 */
function sortMessages() {
  const [from, until] = messagesBetween(view.begin, view.end);
  const single = [];
  const counts = { heartbeats: 0, acks: 0, votes: 0 };
  const end = Math.min(view.end, view.horizon);
  for (let i = from; i < until; i += 1) {
    if (columns.over[i] < view.begin || columns.sent[i] > end) continue;
    const filter = columns.filters[i];
    if (!view.filters[filter]) continue;
    counts[filter] += 1;
    single.push(i);
  }
  const room = layout.plot * DENSE;
  const dense = Object.keys(counts).filter((filter) => counts[filter] > room * (filter === 'votes' ? 2 : 1));
  return { single, dense };
}

function drawMessages(ctx) {
  const { single, dense } = sortMessages();
  const together = new Map();
  const byKind = new Map();
  for (const i of single) {
    const kind = run.messages[i].kind;
    const group = dense.includes(KINDS[kind].filter) ? together : byKind;
    if (!group.has(kind)) group.set(kind, []);
    group.get(kind).push(i);
  }
  for (const kind of Object.keys(STYLES).reverse()) if (together.has(kind)) drawTogether(ctx, kind, together.get(kind));
  // Answers first and votes last: what decides lies on top.
  for (const kind of ['ok', 'not_ok', 'heartbeat', 'transfer', 'pre_vote', 'pre_refusal', 'pre_grant', 'vote', 'refusal', 'grant']) {
    if (byKind.has(kind)) drawArrows(ctx, kind, byKind.get(kind));
  }
  drawUnderWay(ctx, single);
}

/** Many messages of a kind: for each sender and a few pixels, one bar from the first receiver to the last. */
function drawTogether(ctx, kind, indices) {
  const SLOT = 4;
  const slots = Math.ceil(layout.plot / SLOT) + 1;
  const counts = new Uint32Array(slots * servers);
  const tops = new Float32Array(slots * servers).fill(Infinity);
  const bottoms = new Float32Array(slots * servers).fill(-Infinity);
  let most = 1;
  for (const i of indices) {
    const message = run.messages[i];
    const slot = Math.floor((xOf(columns.sent[i]) - layout.left) / SLOT);
    if (slot < 0 || slot >= slots) continue;
    const cell = message.from * slots + slot;
    counts[cell] += 1;
    most = Math.max(most, counts[cell]);
    const y1 = edgeOf(message.from, message.to);
    const y2 = edgeOf(message.to, message.from);
    tops[cell] = Math.min(tops[cell], y1, y2);
    bottoms[cell] = Math.max(bottoms[cell], y1, y2);
  }
  ctx.fillStyle = colours()[STYLES[kind].colour];
  for (let cell = 0; cell < counts.length; cell += 1) {
    if (counts[cell] === 0) continue;
    ctx.globalAlpha = 0.06 + (0.16 * counts[cell]) / most;
    ctx.fillRect(layout.left + (cell % slots) * SLOT, tops[cell], SLOT - 1, bottoms[cell] - tops[cell]);
  }
  ctx.globalAlpha = 1;
}

function drawArrows(ctx, kind, indices) {
  const theme = colours();
  const style = STYLES[kind];
  const low = layout.left - 10;
  const high = layout.left + layout.plot + 10;
  const withHeads = indices.length < layout.plot / 2;
  const shafts = new Path2D();
  const ends = [];
  const losses = [];
  const copies = [];
  const line = (message, over, arrives) => {
    const whole = lineOf(message, over, arrives);
    if (Math.max(whole[1], whole[3]) < layout.top || Math.min(whole[1], whole[3]) > layout.height) return;
    const part = clip(whole, low, high);
    if (!part) return;
    shafts.moveTo(part[0], part[1]);
    shafts.lineTo(part[2], part[3]);
    if (whole[2] > high) return;
    if (arrives) ends.push(whole);
    else if (message.lost) losses.push([whole, message.lost[1]]);
  };
  for (const i of indices) {
    const message = run.messages[i];
    for (const at of message.arrived) line(message, at, true);
    if (message.arrived.length > 1) copies.push(lineOf(message, overAt(message), true));
    if (message.lost) line(message, message.lost[0], false);
    else if (message.arrived.length === 0) line(message, run.end, false);
  }
  ctx.strokeStyle = theme[style.colour];
  ctx.fillStyle = theme[style.colour];
  ctx.lineWidth = style.width;
  ctx.setLineDash(style.dash);
  ctx.stroke(shafts);
  ctx.setLineDash([]);
  if (withHeads) {
    for (const [x1, y1, x2, y2] of ends) {
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      ctx.lineWidth = Math.max(1.4, style.width);
      head(ctx, style.head, x2, y2, (x2 - x1) / length, (y2 - y1) / length);
    }
  }
  ctx.font = `700 10px ${FONT}`;
  if (copies.length < layout.plot / 120) for (const [, y1, x2, y2] of copies) ctx.fillText('twice', x2 + 6, y2 + (y2 > y1 ? -5 : 12));
  drawLosses(ctx, losses);
}

/** Lost messages end in a cross; the reason stands beside it where there is room. */
function drawLosses(ctx, losses) {
  const theme = colours();
  ctx.font = `10px ${FONT}`;
  ctx.lineWidth = 2;
  ctx.strokeStyle = theme.bad;
  const words = losses.length < layout.plot / 60;
  const taken = new Map();
  for (const [[, , x, y], why] of losses) {
    cross(ctx, x, y, losses.length < layout.plot / 8 ? 4 : 2.5);
    const row = Math.round(y / 8);
    if (!words || x < (taken.get(row) || -Infinity)) continue;
    const text = lossInWords(why);
    taken.set(row, x + widthOf(ctx, text) + 16);
    ctx.fillStyle = theme.paper;
    ctx.globalAlpha = 0.8;
    ctx.fillRect(x + 6, y - 6, widthOf(ctx, text) + 4, 12);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.bad;
    ctx.fillText(text, x + 8, y + 3.5);
  }
}

/** What is under way at the playhead: a dot on its way. */
function drawUnderWay(ctx, indices) {
  const theme = colours();
  if (view.at < view.begin || view.at > view.end) return;
  for (const i of indices) {
    if (columns.sent[i] > view.at || columns.over[i] < view.at || columns.over[i] === columns.sent[i]) continue;
    const message = run.messages[i];
    const overs = message.arrived.length > 0 ? message.arrived : [columns.over[i]];
    for (const over of overs) {
      if (over < view.at) continue;
      const [x1, y1, x2, y2] = lineOf(message, over, message.arrived.length > 0);
      const share = x2 === x1 ? 1 : (xOf(view.at) - x1) / (x2 - x1);
      ctx.fillStyle = theme[STYLES[message.kind].colour];
      ctx.strokeStyle = theme.paper;
      ctx.lineWidth = 1.5;
      ctx.beginPath();
      ctx.arc(x1 + share * (x2 - x1), y1 + share * (y2 - y1), 5, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
  }
}

/** One message, so that it stands out: under the pointer, or pinned. */
function drawBold(ctx, index) {
  const message = run.messages[index];
  const theme = colours();
  ctx.strokeStyle = theme[STYLES[message.kind].colour];
  ctx.lineWidth = STYLES[message.kind].width + 2.4;
  ctx.lineCap = 'round';
  for (const line of linesOf(message)) {
    const part = clip(line, layout.left - 10, layout.left + layout.plot + 10);
    if (part) stroke(ctx, [[part[0], part[1]], [part[2], part[3]]]);
  }
  ctx.lineCap = 'butt';
}

/** All lines of a message: more than one if it was duplicated. */
function linesOf(message) {
  const lines = message.arrived.map((at) => lineOf(message, at, true));
  if (message.lost) lines.push(lineOf(message, message.lost[0], false));
  else if (lines.length === 0) lines.push(lineOf(message, run.end, false));
  return lines;
}

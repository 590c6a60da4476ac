// What can be pointed at: named ('m12' is a message, 't0.5' the sixth timer of S0), described, found.

/** The kinds of items by the letter of their names, and where they are kept. */
const ITEMS = {
  m: (index) => run.messages[index],
  r: (index, server) => run.lanes[server].roles[index],
  t: (index, server) => run.lanes[server].timers[index],
  s: (index, server) => run.lanes[server].saved[index],
  d: (index, server) => run.lanes[server].down[index],
  i: (index, server) => run.lanes[server].isolated[index],
  x: (index, server) => run.lanes[server].crashes[index],
  u: (index, server) => run.lanes[server].restarts[index],
  c: (index) => run.cuts[index],
  e: (index) => run.elections[index],
  n: (index) => run.notes[index],
  b: () => run.broken,
};

function itemName(letter, index, server) {
  return server === undefined ? `${letter}${index}` : `${letter}${server}.${index}`;
}

/** The item of this name, or null if there is none: names come from links too. */
function itemOf(text) {
  const parts = /^([mrtsdixucenb])(?:(\d{1,9})\.)?(\d{1,9})$/.exec(text || '');
  if (!parts) return null;
  const letter = parts[1];
  const index = Number(parts[3]);
  const server = parts[2] === undefined ? undefined : Number(parts[2]);
  if ('rtsdixu'.includes(letter) !== (server !== undefined)) return null;
  if (server !== undefined && server >= servers) return null;
  const what = ITEMS[letter](index, server);
  return what === undefined || what === null ? null : { letter, index, server, what };
}

/** When an item begins. */
function itemTime(item) {
  const what = item.what;
  if (item.letter === 'm') return sentAt(what);
  if (typeof what === 'number') return what;
  return what.begin !== undefined ? what.begin : what.at;
}

/** From when to when, in words, as far as it may be known. */
function during(span) {
  if (span.end > view.horizon) return `since ${precisely(span.begin)}`;
  return `${precisely(span.begin)} to ${precisely(span.end)} (${duration(span.end - span.begin)})`;
}

/** An item whole: a title, facts as [name, value], and for a message what it says. */
function describe(item) {
  const { letter, what, server } = item;
  if (letter === 'm') return describeMessage(what);
  if (letter === 't') return describeTimer(what, server);
  if (letter === 'e') return describeElection(what);
  const when = typeof what === 'number' ? precisely(what) : what.begin !== undefined ? during(what) : precisely(what.at);
  const facts = [['when', when]];
  if (letter === 'r') return { title: `${name(server)} is ${ROLES[what.role]} of term ${what.term}`, facts };
  if (letter === 's') {
    facts.push(['term', String(what.term)], ['vote', what.vote === null ? 'none' : name(what.vote)]);
    return { title: `Safe on ${name(server)}'s disk`, facts };
  }
  if (letter === 'd') return { title: `${name(server)} is down`, facts };
  if (letter === 'i') return { title: `${name(server)} is cut off from all others`, facts };
  if (letter === 'x') return { title: `${name(server)} crashes`, facts };
  if (letter === 'u') return { title: `${name(server)} starts again`, facts };
  if (letter === 'c') return { title: `The link from ${name(what.from)} to ${name(what.to)} carries nothing`, facts };
  if (letter === 'n') {
    const group = noteGroups().find((one) => one.notes.includes(what));
    for (const near of group ? group.notes : []) if (near !== what) facts.push([`beside it, ${precisely(near.at)}`, near.text]);
    return { title: 'Note', facts, whole: what.text };
  }
  return { title: 'A rule is broken', facts, whole: what.finding, bad: true };
}

function describeMessage(message) {
  const facts = [['term', String(message.term)]];
  facts.push(['sent', message.sent === null ? 'before the trace begins' : precisely(message.sent)]);
  const arrived = message.arrived.filter((at) => at <= view.horizon);
  arrived.forEach((at, i) => {
    const under = message.sent === null ? '' : ` (after ${duration(at - message.sent)})`;
    facts.push([i === 0 ? 'arrived' : 'arrived again', `${precisely(at)}${under}`]);
  });
  if (message.lost && message.lost[0] <= view.horizon) facts.push(['lost', `${precisely(message.lost[0])}: ${lossInWords(message.lost[1])}`]);
  else if (arrived.length === 0) facts.push(['arrived', 'not yet']);
  if (message.answers !== null) {
    const asked = run.messages[message.answers];
    facts.push(['answers', `${KINDS[asked.kind].name}, message ${asked.number}`]);
  }
  return {
    title: `${name(message.from)} → ${name(message.to)}: ${KINDS[message.kind].name}`,
    facts: [['message', String(message.number)], ...facts],
    whole: run.texts[message.whole],
    mono: true,
  };
}

function describeTimer(timer, server) {
  const facts = [['reset', `${precisely(timer.begin)}, by ${RESETS[timer.reset_by]}`]];
  if (timer.message !== null) {
    const message = run.messages[timer.message];
    facts.push(['message', `${message.number} from ${name(message.from)}: ${KINDS[message.kind].name}`]);
  }
  if (isDueKnown(timer)) facts.push(['due', `${precisely(timer.due)}: a timeout of ${duration(timer.due - timer.begin)}`]);
  else facts.push(['due', isForEver(timer) ? 'never: the server waits for ever' : 'not known']);
  if (timer.end <= view.horizon) facts.push(['ended', `${precisely(timer.end)}: ${ENDS[timer.ended_by]}`]);
  if (timer.inferred) facts.push(['inferred', 'concluded from when the server campaigned: it does not tell when its timer is due']);
  return { title: `Election timer of ${name(server)}`, facts };
}

function describeElection(election) {
  const known = (at) => at <= view.horizon;
  const facts = [['when', during(election)]];
  for (const [server, at] of election.candidates) if (known(at)) facts.push(['campaigns', `${name(server)} at ${precisely(at)}`]);
  for (const [voter, candidate, at] of election.grants) if (known(at)) facts.push(['votes', `${name(voter)} for ${name(candidate)} at ${precisely(at)}`]);
  if (election.won && known(election.won[1])) facts.push(['wins', `${name(election.won[0])} at ${precisely(election.won[1])}`]);
  const title = electionInWords(election, view.horizon);
  return { title: `Election of ${title}`, facts };
}

/** The name of what lies at this point of the picture, or null. */
function itemAt(x, y) {
  if (x < layout.left || x > layout.left + layout.plot || xOf(view.horizon) < x) return null;
  const at = timeOf(x);
  const near = ((view.end - view.begin) / layout.plot) * 7;
  if (y < layout.top) return inTop(y, at, x);
  if (run.broken && Math.abs(run.broken.at - at) < near && Math.abs(y - flagY()) < 16) return itemName('b', 0);
  const server = Math.floor((y - layout.top + view.scroll) / layout.lane);
  const inBox = server < servers ? y - boxTop(server) : -1;
  const within = inBox >= 0 && inBox <= layout.box;
  const mark = server < servers ? markAt(server, at, near, inBox) : null;
  if (mark) return mark;
  const message = messageAt(x, y, within ? 3 : 7);
  if (message !== null) return itemName('m', message);
  return within ? spanOf(server, at, inBox) : server < servers ? cutAt(server, at, y) : null;
}

function inTop(y, at, x) {
  if (run.notes.length > 0 && y < layout.notes + ROW) {
    const group = noteGroups().filter((one) => one.at <= x + 3).pop();
    if (!group) return null;
    // The one whose mark is pointed at, or the first of those whose text it is.
    const marked = group.notes.find((note) => Math.abs(xOf(note.at) - x) <= 3);
    return itemName('n', run.notes.indexOf(marked || group.notes.find((note) => !note.expected) || group.notes[0]));
  }
  if (run.elections.length > 0 && y >= layout.elections && y < layout.elections + ROW) {
    let found = null;
    eachElection((election, i) => {
      // A short election's name is wider than the election.
      if (xOf(election.begin) - 2 <= x && (election.end >= at || x - xOf(election.begin) < 160)) found = itemName('e', i);
    });
    return found;
  }
  return null;
}

/** Crashes, restarts and disks: small things that are easier to hit than they look. */
function markAt(server, at, near, inBox) {
  const lane = run.lanes[server];
  const closest = (times) => {
    const after = countUntil(times, (time) => time >= at);
    const best = [after - 1, after].filter((i) => i >= 0 && i < times.length && Math.abs(times[i] - at) <= near);
    best.sort((a, b) => Math.abs(times[a] - at) - Math.abs(times[b] - at));
    return best.length > 0 ? best[0] : -1;
  };
  if (inBox >= 0 && inBox <= layout.box && Math.abs(inBox - layout.box / 2) < 8) {
    if (closest(lane.crashes) >= 0) return itemName('x', closest(lane.crashes), server);
    if (closest(lane.restarts) >= 0) return itemName('u', closest(lane.restarts), server);
  }
  if (view.filters.disk && inBox > layout.role + layout.timer && inBox <= layout.box + 1) {
    const after = countUntil(lane.saved, (saved) => saved.at > at + near) - 1;
    if (after >= 0 && at - lane.saved[after].at <= near) return itemName('s', after, server);
  }
  return null;
}

/** The index of a message whose arrow passes this point, or null. */
function messageAt(x, y, within) {
  const { single, dense } = sortMessages();
  let best = within;
  let found = null;
  for (const i of single) {
    const message = run.messages[i];
    if (dense.includes(KINDS[message.kind].filter)) continue;
    for (const line of linesOf(message)) {
      const away = distance(x, y, line);
      if (away < best) {
        best = away;
        found = i;
      }
    }
  }
  return found;
}

/** From a point to a stretch of line. */
function distance(x, y, [x1, y1, x2, y2]) {
  const square = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  const share = square === 0 ? 0 : clamp(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / square, 0, 1);
  return Math.hypot(x - x1 - share * (x2 - x1), y - y1 - share * (y2 - y1));
}

/** What of a lane holds this time: down, timer or role. */
function spanOf(server, at, inBox) {
  const lane = run.lanes[server];
  const index = (spans) => {
    const i = countUntil(spans, (span) => span.begin > at) - 1;
    return i >= 0 && at <= spans[i].end ? i : -1;
  };
  if (index(lane.down) >= 0) return itemName('d', index(lane.down), server);
  if (inBox > layout.role && view.filters.timers && index(lane.timers) >= 0) return itemName('t', index(lane.timers), server);
  return index(lane.roles) >= 0 ? itemName('r', index(lane.roles), server) : null;
}

function cutAt(server, at, y) {
  const top = boxTop(server);
  const lane = run.lanes[server];
  if (y < top && y > top - 14) {
    const i = countUntil(lane.isolated, (span) => span.begin > at) - 1;
    if (i >= 0 && at <= lane.isolated[i].end) return itemName('i', i, server);
  }
  for (const row of cutRows[server]) {
    if (Math.abs(y - cutY(top, row.index) - CUT_STRIP / 2) > 5) continue;
    const span = row.spans.find((one) => one.begin <= at && at <= one.end);
    if (span) return itemName('c', run.cuts.findIndex((cut) => cut.from === server && cut.to === span.to[0] && cut.begin === span.begin), undefined);
  }
  return null;
}

/** Draws what is under the pointer, reached with keys, or pinned, so that it stands out. */
function drawChosen(ctx) {
  const theme = colours();
  for (const chosen of new Set([view.pin, view.focus, view.hover])) {
    const item = itemOf(chosen);
    if (!item || itemTime(item) > view.horizon) continue;
    if (item.letter === 'm') drawBold(ctx, item.index);
    ctx.strokeStyle = theme.ink;
    ctx.lineWidth = 2;
    if ('rtdi'.includes(item.letter)) {
      const [x, width] = stretch(item.what);
      const top = boxTop(item.server) + (item.letter === 't' ? layout.role : 0);
      const height = item.letter === 't' ? layout.timer : item.letter === 'r' ? layout.role : layout.box;
      ctx.strokeRect(x, top, width, height);
      if (item.letter === 't') drawTimerWhole(ctx, item.what, top);
    }
    if ('sxu'.includes(item.letter)) {
      ctx.beginPath();
      ctx.arc(xOf(itemTime(item)), boxTop(item.server) + (item.letter === 's' ? layout.role + layout.timer + layout.disk / 2 : layout.box / 2), 9, 0, 2 * Math.PI);
      ctx.stroke();
    }
  }
}

/** A chosen timer is shown to its end, had nothing reset it, and with the message that did. */
function drawTimerWhole(ctx, timer, top) {
  if (timer.message !== null) drawBold(ctx, timer.message);
  if (!isDueKnown(timer)) return;
  const theme = colours();
  ctx.strokeStyle = theme.ink;
  ctx.lineWidth = 1.5;
  ctx.setLineDash([2, 3]);
  const line = [xOf(timer.begin), top + 3, xOf(timer.due), top + layout.timer];
  const part = clip(line, layout.left - 10, layout.left + layout.plot + 10);
  if (part) stroke(ctx, [[part[0], part[1]], [part[2], part[3]]]);
  ctx.setLineDash([]);
}

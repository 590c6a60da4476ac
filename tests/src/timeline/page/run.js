// The run, as the trace's reader wrote it, and what can be asked about it.

const run = complete(JSON.parse(document.getElementById('timeline').textContent));
const servers = run.lanes.length;
/** Never 0, so that a run without length can be drawn too. */
const runLength = Math.max(run.end - run.begin, MS);

/** What the JSON leaves out is null; an event, an array there, is an object. */
function complete(read) {
  for (const message of read.messages) {
    message.sent ??= null;
    message.lost ??= null;
    message.answers ??= null;
  }
  for (const lane of read.lanes) {
    for (const timer of lane.timers) {
      timer.due ??= null;
      timer.message ??= null;
    }
  }
  read.events = read.events.map(([at, server, about, text, message]) => ({ at, server, about, text: read.texts[text], message }));
  return read;
}

/** What each kind of message is called, and which filter it belongs to. */
const KINDS = {
  vote: { name: 'RequestVote', filter: 'votes' },
  pre_vote: { name: 'RequestVote (pre-vote)', filter: 'votes' },
  grant: { name: 'vote granted', filter: 'votes' },
  refusal: { name: 'vote refused', filter: 'votes' },
  pre_grant: { name: 'pre-vote granted', filter: 'votes' },
  pre_refusal: { name: 'pre-vote refused', filter: 'votes' },
  heartbeat: { name: 'heartbeat (AppendEntries)', filter: 'heartbeats' },
  ok: { name: 'answer to a heartbeat: success', filter: 'acks' },
  not_ok: { name: 'answer to a heartbeat: no success', filter: 'acks' },
  transfer: { name: 'leadership transfer', filter: 'votes' },
};

const ROLES = { follower: 'follower', pre_candidate: 'pre-candidate', candidate: 'candidate', leader: 'leader' };

const RESETS = {
  start: 'the server started',
  heartbeat: "a heartbeat of the term's leader",
  grant: 'it granted its vote',
  campaign: 'it began an election',
  stepped_down: 'it was leader, and stepped down',
  other: 'something else: no rule of Figure 2 says so',
};

const ENDS = {
  fired: 'it ran out: the server campaigned',
  reset: 'it was reset',
  elected: 'the server was elected',
  crashed: 'the server crashed',
  end: 'the trace ends',
};

const LOSSES = {
  chance: 'lost by chance',
  cut: 'the link was cut',
  down: 'the receiver was down',
  caller_gone: 'the caller had crashed meanwhile',
};

function lossInWords(why) {
  return LOSSES[why] || why;
}

/** When a message left, so that it can be drawn: at the trace's beginning if that is not known. */
function sentAt(message) {
  return message.sent === null ? run.begin : message.sent;
}

/** When the last of a message is over: its arrival, its loss, or the end of the trace. */
function overAt(message) {
  if (message.arrived.length > 0) return Math.max(...message.arrived);
  return message.lost ? message.lost[0] : run.end;
}

/**
 * The messages once more, as columns of numbers: a frame goes over tens of thousands.
 * `overSoFar[i]` is the latest end of the messages up to i, which makes the visible ones a slice.
 */
const columns = (() => {
  const count = run.messages.length;
  const sent = new Float64Array(count);
  const over = new Float64Array(count);
  const overSoFar = new Float64Array(count);
  const filters = [];
  let latest = -Infinity;
  for (let i = 0; i < count; i += 1) {
    sent[i] = sentAt(run.messages[i]);
    over[i] = overAt(run.messages[i]);
    latest = Math.max(latest, over[i]);
    overSoFar[i] = latest;
    filters.push(KINDS[run.messages[i].kind].filter);
  }
  return { sent, over, overSoFar, filters };
})();

/** The slice of messages that may be under way between `begin` and `end`: from, and until before. */
function messagesBetween(begin, end) {
  return [countUntil(columns.overSoFar, (over) => over >= begin), countUntil(columns.sent, (sent) => sent > end)];
}

/** Calls `draw(span, index)` for each of the sorted spans that touches `begin` to `end`. */
function eachSpan(spans, begin, end, draw) {
  for (let i = countUntil(spans, (span) => span.end >= begin); i < spans.length && spans[i].begin <= end; i += 1) {
    draw(spans[i], i);
  }
}

/** The one of the sorted spans that holds `at`, or undefined. */
function spanAt(spans, at) {
  const span = lastUntil(spans, at, 'begin');
  return span && (at < span.end || (at === span.end && span.end === run.end)) ? span : undefined;
}

/** What a server is at a time: what its lane's head shows. */
function stateAt(server, at) {
  const lane = run.lanes[server];
  const role = spanAt(lane.roles, at);
  const saved = lastUntil(lane.saved, at, 'at');
  const timer = spanAt(lane.timers, at);
  const term = role ? role.term : saved ? saved.term : 0;
  return {
    down: spanAt(lane.down, at) !== undefined,
    isolated: spanAt(lane.isolated, at) !== undefined,
    cut: run.cuts.filter((cut) => cut.from === server && cut.begin <= at && at < cut.end).map((cut) => cut.to),
    role: role ? role.role : null,
    term,
    vote: saved && saved.term === term ? saved.vote : null,
    timer,
    left: timer && timer.due !== null ? Math.max(0, timer.due - at) : null,
    byHand: lane.by_hand,
  };
}

/** A server's state in words: 'S1 follower of term 3, voted for S0, timer 120 ms left'. */
function stateInWords(server, at) {
  const state = stateAt(server, at);
  if (state.down) return `${name(server)} down`;
  const parts = [`${name(server)} ${state.role ? `${ROLES[state.role]} of term ${state.term}` : state.byHand ? 'played by hand' : 'not yet heard of'}`];
  if (state.vote !== null) parts.push(`voted for ${name(state.vote)}`);
  if (state.left !== null) parts.push(`election timer ${duration(state.left)} left`);
  if (state.isolated) parts.push('cut off from all');
  return parts.join(', ');
}

/** What came of an election, as far as it can be known at `horizon`. */
function electionInWords(election, horizon = Infinity) {
  const who = list(election.candidates.filter(([, at]) => at <= horizon).map(([server]) => name(server)));
  const term = `term ${election.term}`;
  if (election.end > horizon) return `${term}: ${who} campaign${who.includes(' ') ? '' : 's'}`;
  if (election.won) return `${term}: ${name(election.won[0])} wins`;
  if (election.split) return `${term}: split vote between ${who}`;
  return `${term}: ${who} campaigns, nobody wins`;
}

/** The same in as few words as can be. */
function electionInShort(election, horizon = Infinity) {
  const known = election.end <= horizon;
  return `term ${election.term}${known && election.won ? `: ${name(election.won[0])}` : known && election.split ? ': split' : ''}`;
}

/** How long election timers of this run are, about; to choose a first view. */
const usualTimeout = (() => {
  const lengths = run.lanes.flatMap((lane) => lane.timers.slice(0, 200).filter((timer) => timer.due !== null).map((timer) => timer.due - timer.begin));
  lengths.sort((a, b) => a - b);
  return lengths.length > 0 ? Math.max(lengths[lengths.length >> 1], 10 * US) : runLength / 10;
})();

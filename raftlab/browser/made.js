// Runs that no server made, for what the tool's own runs do not have: any number of servers, 100,000
// events, hostile texts. A leader sends heartbeats; now and then it crashes, and somebody follows.

const MS = 1e6;

/** Repeatable numbers in [0, 1). */
function draws(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A timeline as `tests/src/timeline/model.rs` describes it: `servers` that run for `seconds`, with an
 * election each `every` seconds of which each third is a split vote first.
 */
export function madeRun({ servers = 5, seconds = 6, every = 2, seed = 1 } = {}) {
  const next = draws(seed);
  const end = seconds * 1000 * MS;
  const lanes = Array.from({ length: servers }, () => ({ roles: [], timers: [], down: [], isolated: [], restarts: [], crashes: [], saved: [], by_hand: false }));
  const run = { run: 'made up', seed, about: 'heartbeat 75ms, election timeout 150ms to 300ms', begin: 0, end, lanes, messages: [], cuts: [], elections: [], moments: [], notes: [], broken: null, events: [], texts: [] };
  const known = new Map();
  const text = (words) => {
    if (!known.has(words)) known.set(words, run.texts.push(words) - 1);
    return known.get(words);
  };
  const tell = (at, server, about, words, message = null) => run.events.push([Math.round(at), server, about, text(words), message]);
  const send = (kind, from, to, term, sent, extra = {}) => {
    const index = run.messages.length;
    const arrived = sent + (1 + 4 * next()) * MS;
    const message = { number: index, from, to, kind, term, sent: Math.round(sent), arrived: [Math.round(arrived)], whole: text(`${kind} { term: ${term}, from: S${from}, to: S${to} }`), ...extra };
    run.messages.push(message);
    const about = ['heartbeat', 'ok', 'not_ok'].includes(kind) ? 'heartbeat' : 'vote';
    tell(sent, from, about, `${kind} to S${to}`, index);
    if (message.arrived.length > 0) tell(message.arrived[0], to, about, `${kind} of S${from} arrives`, index);
    return index;
  };
  const role = (server, name, term, at) => {
    const roles = lanes[server].roles;
    if (roles.length > 0) roles[roles.length - 1].end = Math.round(at);
    roles.push({ begin: Math.round(at), end, role: name, term });
    tell(at, server, 'role', `${name} of term ${term}`);
  };
  const reset = (server, by, at, message) => {
    const timers = lanes[server].timers;
    const last = timers[timers.length - 1];
    if (last && last.end === end) Object.assign(last, { end: Math.round(at), ended_by: by === 'campaign' ? 'fired' : 'reset' });
    const timer = { begin: Math.round(at), due: Math.round(at + (150 + 150 * next()) * MS), end, reset_by: by, ended_by: 'end' };
    if (message !== undefined) timer.message = message;
    timers.push(timer);
  };
  const stopTimer = (server, at, ended_by) => {
    const last = lanes[server].timers[lanes[server].timers.length - 1];
    if (last && last.end === end) Object.assign(last, { end: Math.round(at), ended_by });
  };
  const save = (server, term, vote, at) => {
    lanes[server].saved.push({ at: Math.round(at), term, vote });
    tell(at, server, 'disk', `Saves term ${term}`);
  };
  for (let server = 0; server < servers; server += 1) {
    role(server, 'follower', 0, 0);
    reset(server, 'start', 0);
  }
  let term = 0;
  let at = 200 * MS;
  let down = null;
  while (at < end) {
    const up = lanes.map((_, server) => server).filter((server) => server !== down);
    const split = run.elections.length % 3 === 1 && up.length > 1;
    const begin = at;
    term += 1;
    const candidates = [up[Math.floor(next() * up.length)]];
    if (split) candidates.push(up[(up.indexOf(candidates[0]) + 1) % up.length]);
    const election = { term, begin, end: begin, candidates: [], grants: [], won: null, split };
    candidates.forEach((candidate, i) => {
      const from = begin + i * 2 * MS;
      election.candidates.push([candidate, from]);
      role(candidate, 'candidate', term, from);
      reset(candidate, 'campaign', from);
      save(candidate, term, candidate, from);
      for (const voter of up) {
        if (voter === candidate) continue;
        const asked = send('vote', candidate, voter, term, from);
        const heard = run.messages[asked].arrived[0];
        const grants = !candidates.includes(voter) && (split ? voter % 2 === i : true);
        send(grants ? 'grant' : 'refusal', voter, candidate, term, heard, { answers: asked });
        if (!grants) continue;
        reset(voter, 'grant', heard, asked);
        save(voter, term, candidate, heard);
        election.grants.push([voter, candidate, heard]);
      }
    });
    at = Math.round(begin + (split ? 150 : 12) * MS);
    if (!split) {
      const leader = candidates[0];
      election.won = [leader, at];
      role(leader, 'leader', term, at);
      stopTimer(leader, at, 'elected');
      const until = Math.min(end - 10 * MS, at + every * 1000 * MS);
      for (const voter of up) if (voter !== leader) role(voter, 'follower', term, at + 2 * MS);
      for (let beat = at; beat < until; beat += 75 * MS) {
        for (const to of up) {
          if (to === leader) continue;
          const lost = next() < 0.02;
          const index = send('heartbeat', leader, to, term, beat, lost ? { arrived: [], lost: [Math.round(beat + 2 * MS), 'chance'] } : {});
          if (lost) continue;
          reset(to, 'heartbeat', run.messages[index].arrived[0], index);
          send('ok', to, leader, term, run.messages[index].arrived[0], { answers: index });
        }
      }
      if (down !== null) {
        const came = Math.round(at + 30 * MS);
        lanes[down].down[lanes[down].down.length - 1].end = came;
        lanes[down].restarts.push(came);
        role(down, 'follower', term, came);
        reset(down, 'start', came);
        tell(came, down, 'fault', 'starts again');
      }
      if (servers > 2 && until < end - 400 * MS) {
        lanes[leader].crashes.push(Math.round(until));
        lanes[leader].down.push({ begin: Math.round(until), end });
        lanes[leader].roles[lanes[leader].roles.length - 1].end = Math.round(until);
        tell(until, leader, 'fault', 'crashes');
        down = leader;
      } else down = null;
      at = until + 160 * MS;
    }
    election.end = Math.round(split ? at : election.won[1]);
    run.elections.push(election);
    run.moments.push({ at: Math.round(election.begin - 2 * MS), shown: Math.min(end, Math.round(election.end + 5 * MS)), question: `Who campaigns first in term ${term}?`, choices: up.slice(0, 9).map((server) => `S${server}`), answer: Math.max(0, up.indexOf(candidates[0])), why: 'Its timer was due first.' });
  }
  run.moments = run.moments.filter((moment) => moment.answer < 9);
  run.events.sort((a, b) => a[0] - b[0]);
  const order = run.messages.map((message, index) => [message.sent, index]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const placed = new Map(order.map(([, index], place) => [index, place]));
  run.messages = order.map(([, index]) => run.messages[index]);
  for (const message of run.messages) if (message.answers !== undefined) message.answers = placed.get(message.answers);
  for (const lane of lanes) {
    for (const timer of lane.timers) if (timer.message !== undefined) timer.message = placed.get(timer.message);
    for (const key of ['roles', 'timers']) lane[key].sort((a, b) => a.begin - b.begin);
    lane.saved.sort((a, b) => a.at - b.at);
  }
  for (const event of run.events) if (event[4] !== null) event[4] = placed.get(event[4]);
  return run;
}

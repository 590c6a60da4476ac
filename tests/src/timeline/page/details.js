// Details of an item: beside the pointer while it rests on one, and in the panel once pinned.

/** An element with these properties and children. Texts are only ever texts: they come from the run. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

/** An item, described, as elements. */
function described(item) {
  const { title, facts, whole, mono, bad } = describe(item);
  const parts = [element('h3', { textContent: title, className: bad ? 'bad' : '' })];
  if (whole && !mono) parts.push(element('p', { textContent: whole }));
  const rows = facts.map(([key, value]) => element('div', {}, element('dt', { textContent: key }), element('dd', { textContent: value })));
  parts.push(element('dl', {}, ...rows));
  if (whole && mono) parts.push(element('pre', { textContent: whole }));
  return parts;
}

let toldDetails = null;

/** The panel: what is pinned, or reached with keys; else the servers at the playhead. */
function tellDetails() {
  const chosen = view.focus || view.pin;
  const item = itemOf(chosen);
  const seen = item && itemTime(item) <= view.horizon;
  const key = `${seen ? chosen : ''} ${view.pin} ${view.horizon}`;
  if (key === toldDetails) return;
  toldDetails = key;
  const panel = byId('details');
  if (!seen) {
    panel.replaceChildren(
      element('h2', { textContent: 'Details' }),
      element('p', { className: 'aside' }, 'Point at a message, a timer or a mark to see it whole; click to pin it here. Or go from event to event with the keys ', element('kbd', { textContent: ',' }), ' and ', element('kbd', { textContent: '.' })),
    );
    return;
  }
  const pinned = view.pin === chosen;
  const button = element('button', { type: 'button', className: 'small', textContent: pinned ? 'Unpin' : 'Pin' });
  button.addEventListener('click', () => pin(pinned ? null : chosen));
  panel.replaceChildren(element('div', { className: 'row' }, element('h2', { textContent: pinned ? 'Pinned' : 'Event' }), button), ...described(item));
}

function pin(chosen) {
  view.pin = chosen;
  if (chosen !== null) view.focus = null;
  changed();
}

let tipped = null;

/** Shows an item beside the pointer; null hides it. */
function tellTip(chosen, x, y) {
  const tip = byId('tip');
  const item = itemOf(chosen);
  tip.hidden = item === null;
  if (item === null) {
    tipped = null;
    return;
  }
  const key = `${chosen} ${view.horizon}`;
  if (tipped !== key) {
    tipped = key;
    tip.replaceChildren(...described(item));
  }
  const width = tip.offsetWidth;
  const height = tip.offsetHeight;
  const left = x + 16 + width > window.innerWidth - 8 ? Math.max(8, x - 16 - width) : x + 16;
  const top = clamp(y + 16, 8, Math.max(8, window.innerHeight - height - 8));
  tip.style.left = `${left}px`;
  tip.style.top = `${top}px`;
}

/** Says something to those who listen instead of looking. */
function say(text) {
  byId('live').textContent = text;
}

/** The playhead's state in words: each server's, or how many are what, if there are many. */
function playheadInWords() {
  const states = run.lanes.map((_, server) => stateAt(server, view.at));
  if (servers <= 9) return `${clock(view.at)}. ${run.lanes.map((_, server) => stateInWords(server, view.at)).join('. ')}.`;
  const leaders = states.flatMap((state, server) => (state.role === 'leader' ? [`${name(server)} of term ${state.term}`] : []));
  const count = (role) => states.filter((state) => state.role === role).length;
  return `${clock(view.at)}. Leaders: ${list(leaders) || 'none'}. ${count('follower')} followers, ${count('candidate')} candidates, ${states.filter((state) => state.down).length} down.`;
}

/** The whole picture in words; of what is veiled it says nothing. */
function summaryInWords() {
  const elections = run.elections.filter((election) => election.end <= view.horizon);
  const splits = elections.filter((election) => election.split).length;
  const won = elections.filter((election) => election.won).map((election) => `${name(election.won[0])} in term ${election.term} at ${clock(election.won[1])}`);
  const shown = won.slice(0, 6);
  const parts = [`${servers} ${servers === 1 ? 'server' : 'servers'}, ${duration(run.end - run.begin)}, ${run.messages.length} messages.`];
  if (elections.length === 0) parts.push(view.horizon === Infinity ? 'Nobody campaigned in this run: there is no election to see.' : 'No election yet.');
  else parts.push(`${elections.length} ${elections.length === 1 ? 'election' : 'elections'}, ${splits === 0 ? 'no split vote' : `${splits} of them split ${splits === 1 ? 'vote' : 'votes'}`}.`);
  if (shown.length > 0) parts.push(`Elected: ${shown.join(', ')}${won.length > shown.length ? `, and ${won.length - shown.length} more` : ''}.`);
  if (run.broken && run.broken.at <= view.horizon) parts.push(`A rule was broken at ${clock(run.broken.at)}: ${run.broken.finding}`);
  return parts.join(' ');
}

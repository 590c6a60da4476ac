// Keys and buttons. What a button does, a key does too; the help is written from the same list.

function panBy(share) {
  pan(share * (view.end - view.begin));
}

function toggleFilter(filter) {
  view.filters[filter] = !view.filters[filter];
  say(`${filter === 'acks' ? 'answers' : filter} ${view.filters[filter] ? 'shown' : 'hidden'}`);
  changed();
}

function nextTheme() {
  view.theme = { auto: isDark() ? 'light' : 'dark', light: 'dark', dark: 'light' }[view.theme];
  changed();
}

function togglePlay() {
  if (view.playing) pause();
  else play();
}

function moveBySteps(share) {
  pause();
  seekInSight(view.at + share * (view.end - view.begin));
  say(playheadInWords());
}

function scrollLanes(pixels) {
  view.scroll = clamp(view.scroll + pixels, 0, layout.scrollMax);
  changed();
}

function escape() {
  if (view.playing) pause();
  else if (view.focus || view.pin) {
    view.focus = null;
    view.pin = null;
  } else if (predict.on) stopPredicting();
  changed();
}

function toEdge(at) {
  pause();
  seekInSight(at);
}

/** [keys, what they do in words, what they do]. */
const KEYS = [
  [[' '], 'play, pause', togglePlay],
  [['{', '<'], 'slower', () => changeSpeed(-1)],
  [['}', '>'], 'faster', () => changeSpeed(1)],
  [[','], 'to the event before', () => stepEvent(-1)],
  [['.'], 'to the next event', () => stepEvent(1)],
  [['Enter'], 'pin the event', () => pin(view.focus || view.hover || view.pin)],
  [['['], 'playhead back', () => moveBySteps(-0.02)],
  [[']'], 'playhead on', () => moveBySteps(0.02)],
  [['Home'], 'to the beginning', () => toEdge(run.begin)],
  [['End'], 'to the end', () => toEdge(run.end)],
  [['n'], 'next election', () => jump('election', 1)],
  [['N'], 'election before', () => jump('election', -1)],
  [['s'], 'next split vote', () => jump('split', 1)],
  [['S'], 'split vote before', () => jump('split', -1)],
  [['v'], 'where a rule was broken', () => jump('broken', 1)],
  [['ArrowLeft'], 'move the window back', () => panBy(-0.1)],
  [['ArrowRight'], 'move the window on', () => panBy(0.1)],
  [['ArrowUp'], 'scroll the lanes up', () => scrollLanes(-layout.lane)],
  [['ArrowDown'], 'scroll the lanes down', () => scrollLanes(layout.lane)],
  [['+', '='], 'zoom in', () => zoom(1 / 1.5, zoomCentre())],
  [['-'], 'zoom out', () => zoom(1.5, zoomCentre())],
  [['0'], 'the whole run', () => glide(run.begin, run.begin + runLength)],
  [['h'], 'heartbeats', () => toggleFilter('heartbeats')],
  [['a'], 'answers to heartbeats', () => toggleFilter('acks')],
  [['o'], 'votes', () => toggleFilter('votes')],
  [['t'], 'timers', () => toggleFilter('timers')],
  [['d'], 'disk', () => toggleFilter('disk')],
  [['p'], 'predict what comes', () => (predict.on ? stopPredicting() : startPredicting())],
  [['w'], 'say what each server is at the playhead', () => say(playheadInWords())],
  [['l'], 'light or dark', nextTheme],
  [['c'], 'copy a link to this view', copyLink],
  [['?'], 'these keys', () => byId('help').showModal()],
  [['Escape'], 'pause; unpin; leave the questions', escape],
];

const KEY_NAMES = { ' ': 'space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' };

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  const target = event.target;
  const writes = target.matches('input[type="search"], select, input[readonly]');
  const moves = target.matches('input[type="range"]') && /^(Arrow|Home|End|Page)/.test(event.key);
  const presses = target.matches('button, summary, input[type="checkbox"]') && (event.key === ' ' || event.key === 'Enter');
  if (writes || moves || presses) return;
  // Elsewhere than in the picture, the keys that scroll a page scroll it.
  const inPicture = target === stage || target === document.body || stage.contains(target);
  if (/^(ArrowUp|ArrowDown)$/.test(event.key) && (!inPicture || layout.scrollMax === 0)) return;
  if (predict.on && predict.phase === 'asking' && /^[1-9]$/.test(event.key)) {
    answerQuestion(Number(event.key) - 1);
    event.preventDefault();
    return;
  }
  if (predict.on && event.key === ' ' && predict.phase === 'shown') {
    nextQuestion();
    event.preventDefault();
    return;
  }
  const found = KEYS.find(([keys]) => keys.includes(event.key));
  if (!found) return;
  event.preventDefault();
  found[2]();
}

function startKeys() {
  document.addEventListener('keydown', onKey);
  const rows = [[['1–9'], 'answer a question'], ...KEYS].map(([keys, words]) => element('div', {},
    element('dt', {}, ...keys.map((key) => element('kbd', { textContent: KEY_NAMES[key] || key }))),
    element('dd', { textContent: words })));
  byId('keys').replaceChildren(...rows);
  const clicks = {
    play: togglePlay,
    back: () => stepEvent(-1),
    forth: () => stepEvent(1),
    'zoom-in': () => zoom(1 / 1.5, zoomCentre()),
    'zoom-out': () => zoom(1.5, zoomCentre()),
    'zoom-all': () => glide(run.begin, run.begin + runLength),
    predict: () => (predict.on ? stopPredicting() : startPredicting()),
    copy: copyLink,
    theme: nextTheme,
    'help-open': () => byId('help').showModal(),
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener('click', act);
  for (const one of document.querySelectorAll('[data-jump]')) one.addEventListener('click', () => jump(one.dataset.jump, Number(one.dataset.way)));
  for (const one of document.querySelectorAll('[data-filter]')) one.addEventListener('click', () => toggleFilter(one.dataset.filter));
  byId('speed').append(...SPEEDS.map((speed) => element('option', { value: String(speed), textContent: `${speed} ×` })));
  byId('speed').addEventListener('change', () => setSpeed(Number(byId('speed').value)));
  byId('scrubber').addEventListener('input', () => {
    pause();
    seekInSight(run.begin + (Number(byId('scrubber').value) / 1e6) * runLength);
  });
  byId('scrubber').addEventListener('change', () => say(playheadInWords()));
}

/** Writes a text if it is another: a text written anew is laid out anew. */
function tell(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/** Buttons and outputs tell what is. */
function tellControls() {
  tell('play-sign', view.playing ? '❚❚' : '▶');
  tell('play-word', view.playing ? 'Pause' : 'Play');
  tell('clock', clock(view.at, Math.min(MS, niceStep((view.end - view.begin) / 1000))));
  tell('window', `${duration(view.end - view.begin)} in sight`);
  tell('theme', `Theme: ${view.theme}`);
  byId('speed').value = String(view.speed);
  byId('scrubber').value = String(((view.at - run.begin) / runLength) * 1e6);
  byId('scrubber').setAttribute('aria-valuetext', clock(view.at));
  for (const one of document.querySelectorAll('[data-filter]')) one.setAttribute('aria-pressed', String(view.filters[one.dataset.filter]));
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  tellSummary();
}

let toldHorizon = null;

function tellSummary() {
  if (toldHorizon === view.horizon) return;
  toldHorizon = view.horizon;
  tell('summary', summaryInWords());
}

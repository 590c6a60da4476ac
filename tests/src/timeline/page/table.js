// The table of events: everything in the picture, for those who cannot see it. Paged, so that a run of
// 100,000 events is as fast as one of ten.

const PAGE = 100;
const ABOUTS = { heartbeat: 'heartbeats', vote: 'votes', message: 'other messages', timer: 'timers', role: 'terms and roles', disk: 'disk', fault: 'faults', note: 'notes' };

const table = {
  /** The events that the filters let through, as indices into `run.events`. */
  kept: [],
  page: 0,
  /** What the filters were when `kept` was made. */
  key: '',
  /** What is written: to be written again when it changes. */
  told: '',
};

/** Events whose words are these, wherever: one lower-case text each, made when first needed. */
let lowered = null;

function filterEvents() {
  const about = byId('about').value;
  const whose = byId('whose').value;
  const words = byId('words').value.trim().toLowerCase();
  const within = byId('within').checked;
  const key = [about, whose, words, within, view.horizon, within ? `${view.begin} ${view.end}` : ''].join('\n');
  if (key === table.key) return;
  table.key = key;
  if (words !== '' && lowered === null) lowered = run.events.map((event) => event.text.toLowerCase());
  const from = within ? countUntil(run.events, (event) => event.at >= view.begin) : 0;
  const until = countUntil(run.events, (event) => event.at > Math.min(view.horizon, within ? view.end : Infinity));
  table.kept = [];
  for (let i = from; i < until; i += 1) {
    const event = run.events[i];
    if (about !== '' && event.about !== about) continue;
    if (whose !== '' && event.server !== Number(whose)) continue;
    if (words !== '' && !lowered[i].includes(words)) continue;
    table.kept.push(i);
  }
  table.page = clamp(table.page, 0, lastPage());
}

function lastPage() {
  return Math.max(0, Math.ceil(table.kept.length / PAGE) - 1);
}

/** The last kept event that is not after the playhead, as an index into `kept`, or -1. */
function keptAtPlayhead() {
  return countUntil(table.kept, (i) => run.events[i].at > view.at) - 1;
}

function tellTable() {
  filterEvents();
  const current = keptAtPlayhead();
  if (byId('follow').checked) table.page = clamp(Math.floor(Math.max(0, current) / PAGE), 0, lastPage());
  const key = `${table.key} ${table.page}`;
  if (key !== table.told) {
    table.told = key;
    writeRows();
  }
  markCurrent(current - table.page * PAGE);
}

function writeRows() {
  const first = table.page * PAGE;
  const shown = table.kept.slice(first, first + PAGE);
  const count = table.kept.length;
  byId('caption').textContent = count === 0
    ? run.events.length === 0 ? 'Nothing happened in this run.' : 'No event passes these filters.'
    : `Events ${first + 1} to ${first + shown.length} of ${count}${count < run.events.length ? ` (${run.events.length} in all)` : ''}, in order of time. A click on a time moves the playhead there.`;
  byId('table').setAttribute('aria-rowcount', String(count + 1));
  byId('rows').replaceChildren(...shown.map((i, row) => {
    const event = run.events[i];
    const time = element('button', { type: 'button', textContent: precisely(event.at) });
    return element('tr', { 'data-event': String(i), 'aria-rowindex': String(first + row + 2) },
      element('td', {}, time),
      element('td', { textContent: event.server === null ? '' : name(event.server) }),
      element('td', { textContent: event.about }),
      element('td', { textContent: event.text }));
  }));
  byId('page-now').textContent = `page ${table.page + 1} of ${lastPage() + 1}`;
  byId('page-first').disabled = table.page === 0;
  byId('page-before').disabled = table.page === 0;
  byId('page-next').disabled = table.page === lastPage();
  byId('page-last').disabled = table.page === lastPage();
}

/** Marks the row of the playhead, and while following keeps it in sight within the table. */
function markCurrent(row) {
  const rows = byId('rows').rows;
  const before = byId('rows').querySelector('[aria-current]');
  const now = rows[row];
  if (before === now) return;
  if (before) before.removeAttribute('aria-current');
  if (!now) return;
  now.setAttribute('aria-current', 'true');
  if (!byId('follow').checked) return;
  const frame = now.closest('.table');
  const above = now.offsetTop - frame.clientHeight / 2;
  frame.scrollTop = Math.max(0, above);
}

function toPage(page) {
  byId('follow').checked = false;
  table.page = clamp(page, 0, lastPage());
  byId('rows').closest('.table').scrollTop = 0;
  changed();
}

function startTable() {
  byId('about').append(element('option', { value: '', textContent: 'everything' }), ...Object.entries(ABOUTS).map(([value, textContent]) => element('option', { value, textContent })));
  byId('whose').append(element('option', { value: '', textContent: 'all' }), ...run.lanes.map((_, server) => element('option', { value: String(server), textContent: name(server) })));
  for (const id of ['about', 'whose', 'words', 'within', 'follow']) byId(id).addEventListener('input', changed);
  byId('page-first').addEventListener('click', () => toPage(0));
  byId('page-before').addEventListener('click', () => toPage(table.page - 1));
  byId('page-next').addEventListener('click', () => toPage(table.page + 1));
  byId('page-last').addEventListener('click', () => toPage(lastPage()));
  byId('rows').addEventListener('click', (event) => {
    const row = event.target.closest('tr');
    if (!row) return;
    pause();
    toEvent(Number(row.dataset.event));
  });
}

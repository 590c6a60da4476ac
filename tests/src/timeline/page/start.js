// Puts the page together, and opens it where there is something to see.

/** How long frames took to draw, in milliseconds: the last few hundred; and when the first was done. */
const drawn = [];
let firstDrawn = null;

function tellAll() {
  const started = performance.now();
  watchPlayhead();
  tellControls();
  drawPicture();
  drawOverview();
  tellDetails();
  tellLegend();
  tellTable();
  keepHash();
  drawn.push(performance.now() - started);
  firstDrawn ??= performance.now();
  if (drawn.length > 600) drawn.shift();
}

/**
 * At the broken rule, if there is one; else with the first election in sight, the playhead before it; a
 * short run is shown whole.
 */
function openingView() {
  const length = Math.min(runLength, Math.max(7 * usualTimeout, 20 * MS));
  const first = run.elections[0];
  if (run.broken) {
    show(run.broken.at - 0.75 * length, run.broken.at + 0.25 * length);
    seek(run.broken.at);
  } else {
    const begin = first ? first.begin - 0.3 * length : run.begin;
    show(runLength <= 2 * length ? run.begin : begin, runLength <= 2 * length ? run.begin + runLength : begin + length);
    seek(view.begin);
  }
}

function startPage() {
  byId('run-name').textContent = run.run;
  byId('run-about').textContent = [`seed ${run.seed}`, `${servers} ${servers === 1 ? 'server' : 'servers'}`, run.about].filter((text) => text !== '').join(' · ');
  const off = (id, words) => {
    byId(id).disabled = true;
    byId(id).title = words;
  };
  if (run.moments.length === 0) off('predict', 'There is nothing to predict in this run');
  for (const one of document.querySelectorAll('[data-jump]')) if (JUMPS[one.dataset.jump].length === 0) one.disabled = true;
  startTable();
  startKeys();
  startPointer();
  openingView();
  restore(location.hash);
  written = location.hash;
  window.addEventListener('hashchange', () => {
    if (location.hash !== written) restore(location.hash);
  });
  window.addEventListener('resize', fitStage);
  new ResizeObserver(fitStage).observe(byId('stage').parentElement);
  darkness.addEventListener('change', changed);
  onChange(tellAll);
  fitStage();
}

startPage();

/**
 * For tests, to read only. `state` is what is looked at; `where(name)` gives where in the window an item
 * of this name (as in items.js: 'm12', 't0.5') can be pointed at; `drawn` is how long frames took to draw,
 * in ms, and `firstDrawn` how long after the page was asked for the first was.
 */
window.timeline = Object.freeze({
  get state() {
    return { ...view, filters: { ...view.filters }, predict: { ...predict }, lane: layout.lane, scrollMax: layout.scrollMax, gliding: gliding !== 0 };
  },
  where(text) {
    const item = itemOf(text);
    if (!item) return null;
    const frame = canvas.getBoundingClientRect();
    let x = clamp((xOf(itemTime(item)) + xOf(item.what.end || itemTime(item))) / 2, layout.left + 5, layout.left + layout.plot - 5);
    let y = layout.top / 2;
    if (item.letter === 'm') {
      const [line] = linesOf(item.what);
      x = (line[0] + line[2]) / 2;
      y = (line[1] + line[3]) / 2;
    } else if (item.server !== undefined) {
      y = boxTop(item.server) + (item.letter === 't' ? layout.role + layout.timer / 2 : item.letter === 's' ? layout.role + layout.timer + layout.disk / 2 : 5);
    } else if (item.letter === 'b') y = flagY();
    else if (item.letter === 'e') y = layout.elections + 8;
    else if (item.letter === 'n') y = layout.notes + 8;
    return { x: frame.left + x, y: frame.top + y };
  },
  get drawn() {
    return [...drawn];
  },
  get firstDrawn() {
    return firstDrawn;
  },
});

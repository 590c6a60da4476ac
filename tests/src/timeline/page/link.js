// The view in the page's address: who opens the link sees the same.

/** What is looked at, as the part of the address behind '#'. Times are nanoseconds. */
function hashOfView() {
  const parts = [`window=${Math.round(view.begin)}-${Math.round(view.end)}`, `at=${Math.round(view.at)}`];
  const off = Object.keys(view.filters).filter((filter) => !view.filters[filter]);
  if (off.length > 0) parts.push(`off=${off.join('+')}`);
  if (view.pin) parts.push(`pin=${view.pin}`);
  if (view.theme !== 'auto') parts.push(`theme=${view.theme}`);
  if (view.speed !== 0.1) parts.push(`speed=${view.speed}`);
  if (predict.on) parts.push(`predict=${predict.index + 1}`);
  return `#${parts.join('&')}`;
}

/** A number as a link may hold it, or undefined. */
function numberIn(text) {
  return /^-?\d+(\.\d+)?$/.test(text || '') ? Number(text) : undefined;
}

/** Restores what the address says; what it says wrongly is passed over. Gives whether it said where. */
function restore(hash) {
  const said = new Map(hash.replace(/^#/, '').split('&').map((part) => {
    const [key, ...value] = part.split('=');
    return [key, value.join('=')];
  }));
  const off = (said.get('off') || '').split('+');
  if (said.has('window') || said.has('at')) for (const filter of Object.keys(view.filters)) view.filters[filter] = !off.includes(filter);
  if (['light', 'dark'].includes(said.get('theme'))) view.theme = said.get('theme');
  if (SPEEDS.includes(numberIn(said.get('speed')))) view.speed = numberIn(said.get('speed'));
  const at = numberIn(said.get('at'));
  view.horizon = Infinity;
  predict.on = false;
  const span = /^(-?\d+)-(-?\d+)$/.exec(said.get('window') || '');
  if (span && Number(span[1]) < Number(span[2])) show(Number(span[1]), Number(span[2]));
  if (at !== undefined) seek(at);
  const question = numberIn(said.get('predict'));
  if (question !== undefined && run.moments[question - 1]) {
    predict.on = true;
    predict.right = 0;
    predict.asked = 0;
    toMoment(question - 1, false);
  }
  tellQuestion();
  view.pin = itemOf(said.get('pin')) ? said.get('pin') : null;
  changed();
  return span !== null || at !== undefined;
}

let writing = 0;
let written = '';

/** Keeps the address up to date; not in each frame, browsers do not like that. */
function keepHash() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    const hash = hashOfView();
    if (hash === written || view.playing) return;
    written = hash;
    history.replaceState(null, '', hash);
  }, 250);
}

async function copyLink() {
  const link = location.href.replace(/#.*/, '') + hashOfView();
  try {
    await navigator.clipboard.writeText(link);
    say('The link is copied.');
    byId('copy').textContent = 'Copied';
    setTimeout(() => { byId('copy').textContent = 'Copy link'; }, 1500);
  } catch {
    byId('link-text').value = link;
    byId('link').showModal();
    byId('link-text').select();
  }
}

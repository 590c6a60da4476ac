// The picture of real runs: pointed at, dragged, zoomed, played, filtered, linked to.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, test } from 'node:test';
import { openPage, pageOf, startBrowser, timelineIn, writePage } from './browser.js';
import { realPage } from './tool.js';

let chromium;
let file;
let written;
let run;

before(async () => {
  chromium = await startBrowser();
  const folder = join(chromium.profile, 'pages');
  mkdirSync(folder);
  written = realPage(folder, 're_election', 7);
  run = timelineIn(written);
  file = writePage(folder, 'page', run);
});

after(() => chromium.close());

/** Opens the page, does something with it, and sees that it asked for nothing and complained of nothing. */
function onPage(name, options, act) {
  test(name, async () => {
    const open = await openPage(chromium.browser, file, options);
    await act(open.page, open);
    assert.deepEqual(open.errors, []);
    assert.deepEqual(open.requests, [pathToFileURL(file).href + (options.hash || '')]);
    await open.context.close();
  });
}

const state = (page) => page.evaluate(() => window.timeline.state);
const still = (page) => page.waitForFunction(() => !window.timeline.state.gliding);
/** After the next frame the page has drawn what was done. */
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
/** The picture as it is, to be compared. */
const picture = async (page) => {
  await drawn(page);
  return page.evaluate(() => document.getElementById('picture').toDataURL());
};
const where = (page, item) => page.evaluate((item) => window.timeline.where(item), item);

/** A link to 40 ms around the first message of a kind, and the name of the message. */
function around(kind, choose = () => true) {
  const index = run.messages.findIndex((message) => message.kind === kind && choose(message));
  assert.ok(index >= 0, `the run has no ${kind}`);
  const at = run.messages[index].sent;
  return { item: `m${index}`, index, hash: `#window=${at - 1e6}-${at + 2e6}&at=0` };
}

test('the tool writes the page that these sources make', () => {
  assert.ok(readFileSync(written, 'utf8') === pageOf(run), 'is the tool older than the page? cargo build --release -p raftlab');
});

onPage('opens by itself, with everything in sight that a first look needs', {}, async (page) => {
  assert.equal(await page.locator('h1').textContent(), run.run);
  assert.match(await page.locator('#run-about').textContent(), /seed 7 · 3 servers · reference: heartbeat/);
  assert.match(await page.locator('#summary').textContent(), /3 servers, .* elections/);
  const colours = await page.evaluate(() => {
    const canvas = document.getElementById('picture');
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set();
    for (let i = 0; i < pixels.length; i += 4) seen.add(`${pixels[i]} ${pixels[i + 1]} ${pixels[i + 2]}`);
    return seen.size;
  });
  assert.ok(colours > 50, `${colours} colours`);
  assert.equal(await page.locator('#picture').getAttribute('role'), 'img');
  const styled = await page.evaluate(() => getComputedStyle(document.getElementById('play')).backgroundColor);
  assert.equal(styled, 'rgb(31, 78, 121)');
});

test('a message is shown whole under the pointer, and stays when clicked', async () => {
  for (const kind of ['vote', 'grant', 'heartbeat', 'ok']) {
    const { item, index, hash } = around(kind, (message) => message.arrived.length > 0);
    const { page, context, errors } = await openPage(chromium.browser, file, { hash });
    const point = await where(page, item);
    await page.mouse.move(point.x, point.y);
    const tip = page.locator('#tip');
    await tip.waitFor({ state: 'visible' });
    const hovered = (await state(page)).hover;
    assert.equal(run.messages[Number(hovered.slice(1))].kind, run.messages[index].kind, kind);
    const shown = run.messages[Number(hovered.slice(1))];
    assert.equal(await tip.locator('pre').textContent(), run.texts[shown.whole]);
    await page.mouse.down();
    await page.mouse.up();
    assert.equal((await state(page)).pin, hovered);
    await drawn(page);
    assert.equal(await page.locator('#details pre').textContent(), run.texts[shown.whole]);
    await page.keyboard.press('Escape');
    assert.equal((await state(page)).pin, null);
    assert.deepEqual(errors, []);
    await context.close();
  }
});

onPage('a timer tells what reset it, when it is due and what ended it', {}, async (page) => {
  const index = run.lanes[0].timers.findIndex((timer) => timer.reset_by === 'heartbeat');
  const timer = run.lanes[0].timers[index];
  await page.evaluate(({ begin, end }) => { location.hash = `window=${begin - 1e6}-${end + 1e6}&at=0`; }, timer);
  await page.waitForFunction((begin) => window.timeline.state.begin > begin - 5e6, timer.begin);
  await drawn(page);
  const point = await where(page, `t0.${index}`);
  await page.mouse.move(point.x, point.y);
  const text = await page.locator('#tip').textContent();
  assert.match(text, /Election timer of S0.*reset.*heartbeat.*due.*a timeout of .*ended/s);
});

onPage('keys go from event to event, and pin', {}, async (page) => {
  await page.keyboard.press('Home');
  await still(page);
  const seen = new Set();
  for (let i = 0; i < 12; i += 1) {
    await page.keyboard.press('.');
    seen.add(await page.locator('#live').textContent());
  }
  assert.equal(seen.size, 12);
  const { focus, at } = await state(page);
  assert.notEqual(focus, null);
  await page.keyboard.press('Enter');
  assert.equal((await state(page)).pin, focus);
  await page.keyboard.press(',');
  assert.ok((await state(page)).at <= at);
});

onPage('the playhead is moved with the axis, the slider and keys', {}, async (page) => {
  const box = await page.locator('#picture').boundingBox();
  await page.mouse.move(box.x + 500, box.y + 32);
  await page.mouse.down();
  const first = (await state(page)).at;
  await page.mouse.move(box.x + 600, box.y + 32, { steps: 4 });
  await page.mouse.up();
  const second = (await state(page)).at;
  assert.ok(second > first);
  await page.locator('#scrubber').focus();
  await page.keyboard.press('End');
  assert.equal((await state(page)).at, run.end);
  assert.match(await page.locator('#live').textContent(), /S0 .* of term \d+/);
  await page.locator('#stage').focus();
  await page.keyboard.press('[');
  assert.ok((await state(page)).at < run.end);
});

onPage('the wheel zooms at the pointer, sideways it pans', {}, async (page) => {
  const box = await page.locator('#picture').boundingBox();
  const x = box.x + 620;
  const timeAt = (x) => page.evaluate((x) => {
    const { begin, end } = window.timeline.state;
    const canvas = document.getElementById('picture').getBoundingClientRect();
    const gutter = Math.max(104, Math.min(208, canvas.width * 0.2));
    return begin + ((x - canvas.left - gutter) / (canvas.width - gutter)) * (end - begin);
  }, x);
  const before = await state(page);
  const under = await timeAt(x);
  await page.mouse.move(x, box.y + 200);
  await page.mouse.wheel(0, -300);
  await page.waitForFunction((length) => window.timeline.state.end - window.timeline.state.begin < length, before.end - before.begin);
  const zoomed = await state(page);
  assert.ok(Math.abs((await timeAt(x)) - under) < (zoomed.end - zoomed.begin) / 500);
  await page.mouse.wheel(200, 0);
  await page.waitForFunction((begin) => window.timeline.state.begin > begin, zoomed.begin);
});

onPage('dragging pans, and keys and buttons zoom and pan', {}, async (page) => {
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  const before = await state(page);
  const box = await page.locator('#picture').boundingBox();
  await page.mouse.move(box.x + 700, box.y + 300);
  await page.mouse.down();
  await page.mouse.move(box.x + 600, box.y + 300, { steps: 5 });
  await page.mouse.up();
  const dragged = await state(page);
  assert.ok(dragged.begin > before.begin);
  assert.ok(Math.abs(dragged.end - dragged.begin - (before.end - before.begin)) < 1, 'a drag does not zoom');
  assert.equal(dragged.pin, null);
  await page.locator('#stage').focus();
  await page.keyboard.press('ArrowLeft');
  assert.ok((await state(page)).begin < dragged.begin);
  await page.locator('#zoom-out').click();
  const out = await state(page);
  assert.ok(out.end - out.begin > 1.4 * (dragged.end - dragged.begin));
  await page.keyboard.press('0');
  await still(page);
  const whole = await state(page);
  assert.ok(whole.begin <= run.begin && whole.end >= run.end);
});

onPage('the overview moves the window', {}, async (page) => {
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('+');
  const box = await page.locator('#overview').boundingBox();
  await page.mouse.click(box.x + 0.75 * box.width, box.y + 20);
  const { begin, end } = await state(page);
  assert.ok(Math.abs((begin + end) / 2 - 0.75 * run.end) < 0.01 * run.end);
});

onPage('jumps go from election to election and to split votes', {}, async (page) => {
  await page.keyboard.press('Home');
  for (const election of run.elections) {
    await page.keyboard.press('n');
    assert.equal((await state(page)).at, election.begin);
    await still(page);
    const { begin, end } = await state(page);
    assert.ok(begin <= election.begin && election.begin <= end);
  }
  await page.keyboard.press('N');
  assert.equal((await state(page)).at, run.elections.at(-2).begin);
  await page.keyboard.press('Home');
  await page.getByRole('button', { name: 'split vote' }).click();
  assert.equal((await state(page)).at, run.elections.find((election) => election.split).begin);
  assert.match(await page.locator('#live').textContent(), /split vote between S0 and S1/);
});

onPage('filters take away and give back', {}, async (page) => {
  await page.mouse.move(5, 5);
  const all = await picture(page);
  for (const [key, name] of [['h', 'heartbeats'], ['a', 'answers'], ['o', 'votes'], ['t', 'timers'], ['d', 'disk']]) {
    await page.keyboard.press(key);
    assert.notEqual(await picture(page), all, name);
    const button = page.getByRole('button', { name, exact: false, pressed: false });
    await button.click();
    assert.equal(await picture(page), all, name);
  }
});

onPage('play moves the playhead and the window, as fast as one likes', {}, async (page) => {
  await page.locator('#speed').selectOption('0.5');
  await page.keyboard.press('Escape');
  await page.locator('#stage').focus();
  const { at } = await state(page);
  await page.keyboard.press(' ');
  assert.equal((await state(page)).playing, true);
  await page.waitForFunction((at) => window.timeline.state.at > at + 1e8, at);
  await page.keyboard.press(' ');
  const paused = await state(page);
  assert.equal(paused.playing, false);
  await drawn(page);
  assert.equal((await state(page)).at, paused.at);
  await page.keyboard.press('{');
  assert.equal((await state(page)).speed, 0.2);
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.keyboard.press('}');
  await page.keyboard.press('}');
  const { begin } = await state(page);
  await page.keyboard.press(' ');
  await page.waitForFunction((begin) => window.timeline.state.begin > begin, begin);
});

onPage('with reduced motion nothing glides, and play goes in steps', { reducedMotion: 'reduce' }, async (page) => {
  const { at } = await state(page);
  await page.keyboard.press('n');
  assert.equal((await state(page)).gliding, false);
  await page.keyboard.press('Home');
  await page.keyboard.press(' ');
  const seen = new Set();
  await page.evaluate(() => {
    window.seen = new Set();
    const look = () => {
      window.seen.add(window.timeline.state.at);
      if (window.seen.size < 4) requestAnimationFrame(look);
    };
    look();
  });
  await page.waitForFunction(() => window.seen.size >= 4);
  for (const time of await page.evaluate(() => [...window.seen])) seen.add(time);
  assert.deepEqual([...seen], [0, 0.05e9, 0.1e9, 0.15e9], `from ${at}`);
});

test('light and dark: as the system has it, or as one likes', async () => {
  for (const [colorScheme, other] of [['light', 'dark'], ['dark', 'light']]) {
    const { page, context, errors } = await openPage(chromium.browser, file, { colorScheme });
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), colorScheme);
    await page.locator('#theme').click();
    await drawn(page);
    assert.equal(await theme(), other);
    const red = await page.evaluate(() => document.getElementById('picture').getContext('2d').getImageData(3, 3, 1, 1).data[0]);
    assert.equal(red > 128 ? 'light' : 'dark', other);
    assert.deepEqual(errors, []);
    await context.close();
  }
});

onPage('the address holds the view, and restores it', {}, async (page, { context }) => {
  await page.keyboard.press('n');
  await still(page);
  await page.keyboard.press('h');
  await page.keyboard.press('.');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => /pin=/.test(location.hash) && /off=heartbeats/.test(location.hash));
  const saved = await state(page);
  const again = await openPage(chromium.browser, file, { hash: new URL(page.url()).hash });
  const restored = await state(again.page);
  assert.equal(restored.at, saved.at);
  assert.equal(restored.pin, saved.pin);
  assert.deepEqual(restored.filters, saved.filters);
  assert.ok(Math.abs(restored.begin - saved.begin) < 10 && Math.abs(restored.end - saved.end) < 10);
  await again.context.close();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('#copy').click();
  await page.waitForFunction(() => document.getElementById('copy').textContent === 'Copied' || document.getElementById('link').open);
});

test('a link that says nonsense opens the page all the same', async () => {
  for (const hash of ['#window=9-1&at=x&pin=m999999&off=nothing&speed=7&predict=99&theme=pink', '#%%%', '#pin=t9.9', '#window=-1e9-2', '#pin=r0.0=&at=99999999999999']) {
    const { page, errors, context } = await openPage(chromium.browser, file, { hash });
    const { begin, end, at, pin } = await state(page);
    assert.ok(end > begin && at >= run.begin && at <= run.end && pin === null, hash);
    assert.deepEqual(errors, []);
    await context.close();
  }
});

test('at 200 % nothing is cut off at the side', async () => {
  for (const [width, height] of [[640, 430], [512, 384], [320, 480]]) {
    const { page, errors, context } = await openPage(chromium.browser, file, { viewport: { width, height }, deviceScaleFactor: 2 });
    const [scrolls, wide] = await page.evaluate(() => [document.documentElement.scrollWidth, [...document.querySelectorAll('button, select, input, canvas')].filter((one) => one.getClientRects().length > 0 && !one.closest('.table') && one.getBoundingClientRect().right > innerWidth + 0.5).map((one) => one.id || one.textContent)]);
    assert.ok(scrolls <= width, `${scrolls} pixels in ${width}`);
    assert.deepEqual(wide, []);
    await page.keyboard.press('n');
    assert.deepEqual(errors, []);
    await context.close();
  }
});

onPage('the help lists every key, and each button has one', {}, async (page) => {
  await page.keyboard.press('?');
  const help = page.locator('#help');
  await help.waitFor({ state: 'visible' });
  const keys = await help.locator('kbd').allTextContents();
  for (const key of ['space', ',', '.', '←', '+', 'n', 's', 'v', 'h', 'p', '?', 'Esc', '1–9']) assert.ok(keys.includes(key), key);
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'hidden' });
  const nameless = await page.evaluate(() => [...document.querySelectorAll('button, select, input')].filter((one) => !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).length);
  assert.equal(nameless, 0);
});

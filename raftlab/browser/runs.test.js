// Runs of all sorts: broken, hostile, tiny, wide, long; and the table of events.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPage, startBrowser, writePage } from './browser.js';
import { madeRun } from './made.js';
import { panFrames } from './measures.js';

let chromium;

before(async () => {
  chromium = await startBrowser();
});

after(() => chromium.close());

const state = (page) => page.evaluate(() => window.timeline.state);
const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
const where = (page, item) => page.evaluate((item) => window.timeline.where(item), item);

/** Opens a made run, and sees that it asked for nothing else and complained of nothing. */
async function onRun(name, run, act, options = {}) {
  const open = await openPage(chromium.browser, writePage(join(chromium.profile, 'pages'), name, run), options);
  await act(open.page);
  assert.deepEqual(open.errors, []);
  assert.equal(open.requests.length, 1, `asked for ${open.requests}`);
  await open.context.close();
}

test('a run that ends in a broken rule opens there, and says which', async () => {
  const run = madeRun({ seconds: 4 });
  run.broken = { at: 3_100_000_000, finding: 'S1 voted twice in term 2: for S0 at 2.1 s, for S3 at 3.1 s', server: 1 };
  await onRun('broken', run, async (page) => {
    const { at, begin, end } = await state(page);
    assert.equal(at, run.broken.at);
    assert.ok(begin < at && at < end);
    assert.match(await page.locator('#summary').textContent(), /A rule was broken at 3.100 s: S1 voted twice/);
    const point = await where(page, 'b0');
    await page.mouse.move(point.x + 3, point.y);
    assert.equal((await state(page)).hover, 'b0');
    assert.match(await page.locator('#tip').textContent(), /S1 voted twice in term 2/);
    await page.keyboard.press('Home');
    await page.getByRole('button', { name: 'violation' }).click();
    assert.equal((await state(page)).at, run.broken.at);
  });
});

test('texts of a run are texts, whatever they hold', async () => {
  const evil = '</script><img src=x onerror="window.hit = 1"><script>window.hit = 2</script><!-- <b>';
  const run = madeRun({ seconds: 1 });
  run.run = evil;
  run.about = evil;
  run.texts = run.texts.map(() => evil);
  run.notes = [{ at: 100_000_000, text: evil }];
  run.moments = [{ at: 150_000_000, shown: 300_000_000, question: evil, choices: [evil, evil], answer: 0, why: evil }];
  run.broken = { at: 900_000_000, finding: evil, server: null };
  run.messages[3].arrived = [];
  run.messages[3].lost = [run.messages[3].sent + 1e6, evil];
  await onRun('evil', run, async (page) => {
    assert.equal(await page.locator('h1').textContent(), evil);
    assert.equal(await page.title(), `${evil}, seed 1`);
    const point = await where(page, 'b0');
    await page.mouse.move(point.x + 3, point.y);
    await page.mouse.down();
    await page.mouse.up();
    await drawn(page);
    assert.ok((await page.locator('#details').textContent()).includes(evil));
    await page.evaluate(() => { location.hash = 'at=0&pin=m3'; });
    await page.waitForFunction(() => window.timeline.state.pin === 'm3');
    await drawn(page);
    assert.ok((await page.locator('#details').textContent()).includes(evil));
    await page.keyboard.press('Home');
    await page.keyboard.press('.');
    await page.keyboard.press('p');
    await page.waitForFunction(() => window.timeline.state.predict.phase === 'asking');
    await page.keyboard.press('1');
    await page.waitForFunction(() => window.timeline.state.predict.phase === 'shown');
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.equal(await page.locator('img, body script + script + script').count(), 0);
  });
});

test('the page may load nothing, even if it were told to', async () => {
  const { page, context } = await openPage(chromium.browser, writePage(join(chromium.profile, 'pages'), 'policy', madeRun({ seconds: 1 })));
  const blocked = await page.evaluate(() => new Promise((done) => {
    document.addEventListener('securitypolicyviolation', (event) => done(event.effectiveDirective));
    const image = new Image();
    image.onload = () => done('loaded');
    image.onerror = () => setTimeout(() => done('asked for'), 0);
    image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
  }));
  assert.equal(blocked, 'img-src');
  await context.close();
});

test('no server does anything, or there is one, or nothing happened, or it was over at once', async () => {
  const idle = madeRun({ seconds: 1 });
  Object.assign(idle, { elections: [], moments: [], messages: [], events: [] });
  for (const lane of idle.lanes) Object.assign(lane, { timers: [], saved: [], roles: [], by_hand: true });
  await onRun('idle', idle, async (page) => {
    assert.match(await page.locator('#summary').textContent(), /Nobody campaigned in this run/);
    assert.match(await page.locator('#caption').textContent(), /Nothing happened/);
    for (const key of ['n', 's', 'v', 'p', '.', ',', '+', '-', '0', 'End', 'Home', ' ', ' ']) await page.keyboard.press(key);
  });
  await onRun('none', { ...idle, lanes: [], end: 0 }, async (page) => page.keyboard.press('0'));
  await onRun('instant', { ...madeRun({ servers: 3, seconds: 0 }), end: 0 }, async (page) => {
    for (const key of ['+', '+', '-', '.', ' ', 'ArrowLeft']) await page.keyboard.press(key);
    const { begin, end } = await state(page);
    assert.ok(end > begin);
  });
  await onRun('one', madeRun({ servers: 1, seconds: 2 }), async (page) => {
    assert.match(await page.locator('#summary').textContent(), /1 server, .*Elected: S0/);
  });
});

test('messages that were duplicated, are under way at the end or were sent before the beginning', async () => {
  const run = madeRun({ seconds: 1 });
  const [twice, never, before] = run.messages;
  twice.arrived.push(twice.arrived[0] + 30e6);
  never.arrived = [];
  before.sent = undefined;
  await onRun('odd', run, async (page) => {
    for (const [i, pattern] of [[0, /arrived again/], [1, /arrivednot yet/], [2, /before the trace begins/]]) {
      await page.evaluate((i) => { location.hash = `at=0&window=190000000-260000000&pin=m${i}`; }, i);
      await page.waitForFunction((i) => window.timeline.state.pin === `m${i}`, i);
      await drawn(page);
      assert.match(await page.locator('#details').textContent(), pattern);
    }
  });
});

test('many servers: the lanes scroll', async () => {
  for (const servers of [9, 25, 101]) {
    await onRun(`wide${servers}`, madeRun({ servers, seconds: 2 }), async (page) => {
      const { scrollMax, lane } = await state(page);
      assert.ok(lane >= 60);
      assert.ok(scrollMax > 0);
      const box = await page.locator('#picture').boundingBox();
      await page.mouse.move(box.x + 40, box.y + 300);
      await page.mouse.wheel(0, 1e6);
      await page.waitForFunction((most) => window.timeline.state.scroll === most, scrollMax);
      await page.locator('#stage').focus();
      await page.keyboard.press('ArrowUp');
      assert.equal((await state(page)).scroll, Math.max(0, scrollMax - lane));
      await page.keyboard.press('w');
      if (servers > 9) assert.match(await page.locator('#live').textContent(), /Leaders: .*followers/);
    });
  }
});

test('the table: a caption, heads, filters, pages; a row moves the playhead', async () => {
  const run = madeRun({ seconds: 20 });
  await onRun('table', run, async (page) => {
    const caption = page.locator('#caption');
    assert.match(await caption.textContent(), new RegExp(`of ${run.events.length}, in order of time`));
    assert.deepEqual(await page.locator('th').evaluateAll((heads) => heads.map((head) => `${head.scope} ${head.textContent}`)), ['col time', 'col server', 'col about', 'col what happened']);
    assert.equal(await page.locator('#table').getAttribute('aria-rowcount'), String(run.events.length + 1));
    await page.locator('#page-last').click();
    const count = await page.locator('#rows tr').count();
    const index = run.events.length - count + 2;
    await page.locator('#rows tr').nth(2).click();
    await drawn(page);
    assert.equal((await state(page)).at, run.events[index][0]);
    assert.equal(await page.locator('#rows tr[aria-current]').count(), 1);
    await page.locator('#rows tr').nth(4).locator('button').focus();
    await page.keyboard.press('Enter');
    assert.equal((await state(page)).at, run.events[index + 2][0]);
    await page.locator('#about').selectOption('disk');
    await page.locator('#whose').selectOption('2');
    const saves = run.events.filter(([, server, about]) => about === 'disk' && server === 2).length;
    await drawn(page);
    assert.match(await caption.textContent(), new RegExp(`of ${saves} \\(`));
    await page.locator('#words').fill('saves TERM 1');
    await drawn(page);
    const rows = await page.locator('#rows tr').allTextContents();
    assert.ok(rows.length > 0 && rows.every((row) => row.includes('Saves term 1')));
    await page.locator('#words').fill('no such words');
    await drawn(page);
    assert.match(await caption.textContent(), /No event passes/);
    await page.locator('#words').fill('');
    await page.locator('#about').selectOption('');
    await page.locator('#whose').selectOption('');
    await page.locator('#within').check();
    await drawn(page);
    const { begin, end } = await state(page);
    const within = run.events.filter(([at]) => at >= begin && at <= end).length;
    assert.match(await caption.textContent(), new RegExp(`of ${within} \\(`));
  });
});

test('the table follows the playhead', async () => {
  await onRun('follow', madeRun({ seconds: 20 }), async (page) => {
    await page.keyboard.press('End');
    await drawn(page);
    const words = await page.locator('#page-now').textContent();
    const [, now, all] = /page (\d+) of (\d+)/.exec(words);
    assert.equal(now, all);
  });
});

test('100,000 events: opened, panned, zoomed, searched', async () => {
  const run = madeRun({ servers: 9, seconds: 270, every: 1 });
  assert.ok(run.events.length > 100_000);
  await onRun('large', run, async (page) => {
    console.log(`# ${run.events.length} events: first picture after ${Math.round(await page.evaluate(() => window.timeline.firstDrawn))} ms`);
    await page.locator('#words').fill('crashes');
    await drawn(page);
    assert.match(await page.locator('#caption').textContent(), /of \d+ \(/);
    await page.locator('#stage').focus();
    await page.keyboard.press('0');
    await page.waitForFunction(() => !window.timeline.state.gliding);
    await drawn(page);
  });
});

test('5 servers for a minute: panned', async () => {
  const run = madeRun({ servers: 5, seconds: 62 });
  await onRun('minute', run, async (page) => {
    const { frame, drawing, frames } = await panFrames(page);
    console.log(`# ${run.events.length} events: median of ${frames} frames ${frame.toFixed(1)} ms, drawing ${drawing.toFixed(1)} ms`);
    assert.ok(frames > 0);
  });
});

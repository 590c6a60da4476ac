// Predict: play stops and asks, what is later stays hidden, then it shows and says why.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPage, startBrowser, writePage } from './browser.js';
import { madeRun } from './made.js';

let chromium;
let file;
const run = madeRun({ servers: 5, seconds: 6 });

before(async () => {
  chromium = await startBrowser();
  file = writePage(join(chromium.profile, 'pages'), 'predict', run);
});

after(() => chromium.close());

const state = (page) => page.evaluate(() => window.timeline.state);
const phase = (page, wanted) => page.waitForFunction((wanted) => window.timeline.state.predict.phase === wanted, wanted);

test('it asks, hides what comes, shows it, says right or wrong and why, and keeps the score', async () => {
  const { page, errors, context } = await openPage(chromium.browser, file, {});
  await page.keyboard.press('p');
  await phase(page, 'asking');
  const [first] = run.moments;
  const asking = await state(page);
  assert.equal(asking.at, first.at);
  assert.equal(asking.horizon, first.at);
  const card = page.locator('#question');
  assert.match(await card.textContent(), new RegExp(`Question 1 of ${run.moments.length}`));
  assert.equal(await card.locator('.ask').textContent(), first.question);
  assert.deepEqual(await card.locator('.choices button').allTextContents(), first.choices.map((choice, i) => `${i + 1} ${choice}`));
  assert.ok(await page.evaluate(() => document.activeElement.classList.contains('ask')), 'the question has the focus');
  // Neither the picture, nor its words, nor the table, nor a key tells what comes.
  const later = run.events.filter(([at]) => at > first.at).length;
  assert.ok(later > 100);
  assert.match(await page.locator('#summary').textContent(), /No election yet/);
  assert.match(await page.locator('#caption').textContent(), new RegExp(`of ${run.events.length - later} \\(`));
  await page.keyboard.press('n');
  await page.keyboard.press('End');
  await page.keyboard.press('.');
  assert.ok((await state(page)).at <= first.at);
  const wrong = (first.answer + 1) % first.choices.length;
  await page.keyboard.press(String(wrong + 1));
  await phase(page, 'shown');
  const shown = await state(page);
  assert.equal(shown.at, first.shown);
  assert.equal(shown.horizon, first.shown);
  assert.match(await card.locator('.verdict').textContent(), new RegExp(`No: ${first.choices[first.answer]}`));
  assert.match(await card.textContent(), new RegExp(first.why));
  assert.match(await card.locator('.score').textContent(), /0 of 1 right/);
  await card.getByRole('button', { name: 'Next question' }).click();
  await phase(page, 'asking');
  await card.locator('.choices button').nth(run.moments[1].answer).click();
  await phase(page, 'shown');
  assert.match(await card.locator('.verdict').textContent(), /Right/);
  assert.match(await card.locator('.score').textContent(), /1 of 2 right/);
  for (let i = 2; i < run.moments.length; i += 1) {
    await page.keyboard.press(' ');
    await phase(page, 'asking');
    await page.keyboard.press(String(run.moments[i].answer + 1));
    await phase(page, 'shown');
  }
  await card.getByRole('button', { name: 'Finish' }).click();
  await phase(page, 'done');
  const total = run.moments.length;
  assert.match(await card.textContent(), new RegExp(`All asked: ${total - 1} of ${total} right`));
  await page.keyboard.press('Escape');
  assert.equal((await state(page)).horizon, Infinity);
  assert.equal(await card.isVisible(), false);
  assert.deepEqual(errors, []);
  await context.close();
});

test('a link opens at a question, with the future veiled and nothing told', async () => {
  const moment = run.moments[2];
  const { page, errors, context } = await openPage(chromium.browser, file, { hash: `#at=${Math.round(run.end)}&predict=3&pin=m0` });
  const opened = await state(page);
  assert.equal(opened.horizon, moment.at);
  assert.ok(opened.at < moment.at);
  await page.getByRole('button', { name: 'To the question' }).click();
  await phase(page, 'asking');
  assert.deepEqual(errors, []);
  await context.close();
});

test('what is under the veil cannot be pointed at', async () => {
  const { page, context } = await openPage(chromium.browser, file, {});
  await page.keyboard.press('p');
  await phase(page, 'asking');
  const box = await page.locator('#picture').boundingBox();
  const { begin, end, at } = await state(page);
  const gutter = Math.max(104, Math.min(208, box.width * 0.2));
  const x = box.x + gutter + ((at - begin) / (end - begin)) * (box.width - gutter);
  for (let i = 1; i < 20; i += 1) {
    await page.mouse.move(x + 4 + i * 5, box.y + 70 + i * 12);
    assert.equal((await state(page)).hover, null);
  }
  await context.close();
});

test('a run without questions offers none', async () => {
  const none = { ...madeRun({ seconds: 1 }), moments: [] };
  const { page, context } = await openPage(chromium.browser, writePage(join(chromium.profile, 'pages'), 'none', none), {});
  assert.ok(await page.locator('#predict').isDisabled());
  await page.keyboard.press('p');
  assert.equal((await state(page)).predict.on, false);
  await context.close();
});

test('a question whose answer has been seen already is answered at once', async () => {
  const [first, second] = run.moments;
  const late = { ...run, moments: [first, { ...second, at: first.at, shown: first.at + 1 }, second] };
  const { page, errors, context } = await openPage(chromium.browser, writePage(join(chromium.profile, 'pages'), 'late', late), {});
  await page.keyboard.press('p');
  for (const moment of late.moments) {
    await phase(page, 'asking');
    await page.keyboard.press(String(moment.answer + 1));
    await phase(page, 'shown');
    await page.locator('#question .main').click();
  }
  await phase(page, 'done');
  assert.deepEqual(errors, []);
  await context.close();
});

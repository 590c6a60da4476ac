// Pictures of the page, to be looked at: `npm run screenshots FOLDER`. No test compares them.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openPage, startBrowser, timelineIn, writePage } from './browser.js';
import { madeRun } from './made.js';
import { realPage } from './tool.js';

const folder = process.argv[2] || 'pages';
mkdirSync(folder, { recursive: true });
const { browser, profile, close } = await startBrowser();

const still = (page) => page.waitForFunction(() => !window.timeline.state.gliding);

async function shoot(name, file, options, ...keys) {
  const { page, context } = await openPage(browser, file, options);
  for (const key of keys) {
    if (typeof key === 'string') await page.keyboard.press(key);
    else await key(page);
    await still(page);
  }
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: Boolean(options.fullPage) });
  await context.close();
}

const phase = (wanted) => (page) => page.waitForFunction((wanted) => window.timeline.state.predict.phase === wanted, wanted);
const over = (item) => async (page) => {
  const point = await page.evaluate((item) => window.timeline.where(item), item);
  await page.mouse.move(point.x, point.y);
};

try {
  const made = (name, timeline) => writePage(join(profile, 'pages'), name, timeline);
  const run = timelineIn(realPage(profile, 're_election', 7));
  const real = made('real', run);
  const split = made('split', timelineIn(realPage(profile, 'three_start_together', 1)));
  const grant = `m${run.messages.findIndex((message) => message.kind === 'grant')}`;
  const broken = madeRun({ seconds: 4 });
  broken.broken = { at: 3_100_000_000, finding: 'S1 voted twice in term 2: for S0 at 2.1 s, for S3 at 3.1 s', server: 1 };
  broken.notes = [{ at: 2.3e9, text: 'The leader crashes' }, { at: 2.6e9, text: 'S1 is asked again' }];
  await shoot('light', real, { fullPage: true });
  await shoot('dark', real, { colorScheme: 'dark' });
  await shoot('election', real, {}, 'n', '+', '+', '+', '+', over(grant));
  await shoot('split', split, {}, 's');
  await shoot('predict', real, {}, 'p', phase('asking'));
  await shoot('predict-shown', real, {}, 'p', phase('asking'), '1', phase('shown'));
  await shoot('zoom-200', real, { viewport: { width: 640, height: 430 }, deviceScaleFactor: 2, fullPage: true }, 'n');
  await shoot('many', made('many', madeRun({ servers: 25, seconds: 6 })), {}, 'n', 'n');
  await shoot('violation', made('violation', broken), {});
  await shoot('violation-dark', made('violation', broken), { colorScheme: 'dark' });
  await shoot('help', real, {}, '?');
  await shoot('phone', real, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }, 'n');
} finally {
  await close();
}

// Predict, from the first question to the last, in runs of the scenarios that the book sends one to.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openPage, startBrowser, timelineIn } from './browser.js';
import { scenarioPage } from './tool.js';

let chromium;

before(async () => {
  chromium = await startBrowser();
});

after(() => chromium.close());

const phase = (page, wanted) => page.waitForFunction((wanted) => window.timeline.state.predict.phase === wanted, wanted);

for (const scenario of ['too-close', 'return-with-prevote', 'etcd-defaults']) {
  test(`${scenario}: each question is asked before its answer is seen, and is answered`, async () => {
    const file = scenarioPage(chromium.profile, scenario);
    const { moments } = timelineIn(file);
    assert.ok(moments.length > 2);
    const { page, errors, context } = await openPage(chromium.browser, file, { reducedMotion: 'reduce' });
    await page.keyboard.press('p');
    for (const [i, moment] of moments.entries()) {
      await phase(page, 'asking');
      const { at, horizon } = await page.evaluate(() => window.timeline.state);
      assert.ok(at < moment.shown && horizon < moment.shown, `question ${i + 1}`);
      await page.keyboard.press(String(moment.answer + 1));
      await phase(page, 'shown');
      await page.locator('#question .main').click();
    }
    await phase(page, 'done');
    assert.match(await page.locator('#question').textContent(), new RegExp(`${moments.length} of ${moments.length} right`));
    assert.deepEqual(errors, []);
    await context.close();
  });
}

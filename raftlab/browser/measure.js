// Checks the bars: 5 servers for 60 s, median frame while panning at most 17 ms; 100,000 events, from
// opening to the first picture at most 2 s. Run it on a machine that has nothing else to do.

import { join } from 'node:path';
import { openPage, startBrowser, writePage } from './browser.js';
import { madeRun } from './made.js';
import { panFrames } from './measures.js';

const FRAME_MS_MAX = 17;
const FIRST_MS_MAX = 2000;

const { browser, profile, close } = await startBrowser();
let failed = false;
const judge = (words, value, bar) => {
  const kept = value <= bar;
  failed ||= !kept;
  console.log(`${kept ? 'ok  ' : 'FAIL'} ${words}: ${value.toFixed(1)} ms (at most ${bar} ms)`);
};
try {
  const minute = madeRun({ servers: 5, seconds: 62, every: 2 });
  const small = await openPage(browser, writePage(join(profile, 'pages'), 'minute', minute));
  for (const [words, keys] of [['the opening view', []], ['half a minute in sight', ['0', '+', '+']], ['the whole minute', ['0']]]) {
    for (const key of keys) await small.page.keyboard.press(key);
    await small.page.waitForFunction(() => !window.timeline.state.gliding);
    const { frame, drawing, frames } = await panFrames(small.page);
    judge(`5 servers, ${minute.events.length} events, panning, ${words}: median of ${frames} frames (drawing ${drawing.toFixed(1)} ms)`, frame, FRAME_MS_MAX);
  }
  await small.context.close();
  const many = madeRun({ servers: 9, seconds: 270, every: 1 });
  const large = await openPage(browser, writePage(join(profile, 'pages'), 'large', many));
  judge(`${many.events.length} events, from opening to the first picture`, await large.page.evaluate(() => window.timeline.firstDrawn), FIRST_MS_MAX);
  const { frame, drawing } = await panFrames(large.page);
  console.log(`     panning it: median frame ${frame.toFixed(1)} ms, drawing ${drawing.toFixed(1)} ms`);
} finally {
  await close();
}
process.exitCode = failed ? 1 : 0;

// Chromium, started afresh, and pages to open in it.

import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, '..', '..');
const sources = join(root, 'tests', 'src', 'timeline', 'page');

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Starts a browser with a profile of its own; `closing` ends it and removes the profile. */
export async function startBrowser() {
  const profile = mkdtempSync(join(tmpdir(), 'raftlab-browser-'));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args: FLAGS, env: { ...process.env, HOME: profile } });
  return {
    browser,
    profile,
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/**
 * Opens a page in a window of its own. Whatever it asks for and whatever it complains about is kept:
 * `open.requests`, `open.errors`.
 */
export async function openPage(browser, file, { hash = '', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(pathToFileURL(file).href + hash);
  await page.waitForFunction(() => window.timeline && window.timeline.drawn && window.timeline.drawn.length > 0);
  return { page, requests, errors, context };
}

/** The page of a timeline that no server made: from the page's sources, as the tool puts it together. */
export function pageOf(timeline) {
  const html = readFileSync(join(sources, 'page.html'), 'utf8');
  const names = /their order is:\n([\w ]+)\./.exec(html)[1].split(' ');
  const put = {
    TITLE: `${timeline.run}, seed ${timeline.seed}`.replace(/&/g, '&amp;').replace(/</g, '&lt;'),
    STYLE: readFileSync(join(sources, 'page.css'), 'utf8'),
    SCRIPT: names.map((name) => readFileSync(join(sources, `${name}.js`), 'utf8')).join(''),
    DATA: JSON.stringify(timeline).replace(/</g, '\\u003c'),
  };
  return html.replace(/\/\*([A-Z]+)\*\//g, (_, name) => put[name]);
}

/** Writes such a page aside and gives its file. */
export function writePage(folder, name, timeline) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.html`);
  writeFileSync(file, pageOf(timeline));
  return file;
}

/** The data in a page that the tool wrote. */
export function timelineIn(file) {
  const html = readFileSync(file, 'utf8');
  return JSON.parse(html.split('type="application/json">')[1].split('</script>')[0]);
}

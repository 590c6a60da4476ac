// Runs of real servers: traced by the tool, and made pages by it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './browser.js';

const tool = process.env.RAFTLAB || join(root, 'target', 'release', 'raftlab');

function checkTool() {
  if (!existsSync(tool)) throw new Error(`${tool} is not there; build it: cargo build --release -p raftlab`);
}

/** The page of a scenario of this repository. */
export function scenarioPage(folder, scenario) {
  checkTool();
  const page = join(folder, `${scenario}.html`);
  execFileSync(tool, ['play', join(root, 'scenarios', `${scenario}.txt`), '-o', page], { stdio: 'ignore' });
  return page;
}

/** The page of one seed of one test, as `raftlab timeline` writes it into `folder`. */
export function realPage(folder, test, seed) {
  checkTool();
  const trace = join(folder, `${test}-${seed}.jsonl`);
  const page = join(folder, `${test}-${seed}.html`);
  execFileSync(tool, ['test', '--test', test, '--seed', String(seed), '--trace', trace], { stdio: 'ignore' });
  execFileSync(tool, ['timeline', trace, '-o', page], { stdio: 'ignore' });
  return page;
}

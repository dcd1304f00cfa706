#!/usr/bin/env node
// Builds everything a checkout needs to run. `node tools/build.mjs` on a fresh clone is enough; with nothing stale it returns at once.
//
// This file is the gate: it must parse on any Node that can be met in the wild, so it says what is wrong instead of failing
// on syntax. All work is in tools/set-up/, which is loaded only when the Node is new enough.
const OLDEST_NODE = [20, 20];

function isNewEnough(version) {
  const parts = version.split('.').map(Number);
  return parts[0] > OLDEST_NODE[0] || (parts[0] === OLDEST_NODE[0] && parts[1] >= OLDEST_NODE[1]);
}

if (!isNewEnough(process.versions.node)) {
  console.error(`Node ${process.versions.node} is too old, ${OLDEST_NODE.join('.')} or newer is needed: sudo apt-get install npm && sudo npm install --global node@20`);
  process.exit(1);
}

const { setUp } = await import('./set-up/set-up.mjs');
const { SetUpError } = await import('./set-up/set-up-error.mjs');
try {
  const started = performance.now();
  const done = await setUp();
  if (done.length === 0) console.log(`build: up to date (${Math.round(performance.now() - started)} ms)`);
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exit(1);
}

/**
 * Everything between a fresh clone and a checkout that runs: dependencies, native part, bundles, code caches, links.
 * Each step compares content, never times, so a checkout that was copied, touched or switched back rebuilds only what differs.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installDependencies } from './dependencies.mjs';
import { buildNative, checkBuildPrograms } from './native.mjs';
import { buildBundles } from './bundles.mjs';
import { buildDashboard } from './dashboard.mjs';
import { recordCodeCaches } from './code-cache.mjs';
import { linkPrograms } from './links.mjs';
import { withBuildLock } from './build-lock.mjs';
import { checkoutRoot } from './checkout.mjs';

/** @type {readonly (readonly [name: string, step: () => Promise<string | null>])[]} */
const STEPS = [
  ['build programs', checkBuildPrograms],
  ['dependencies', installDependencies],
  ['native', buildNative],
  ['bundles', buildBundles],
  ['dashboard', buildDashboard],
  ['links', linkPrograms],
  ['code cache', recordCodeCaches],
];

/**
 * Brings the checkout up to date.
 *
 * @returns {Promise<string[]>} the steps that had something to do, in order; empty when everything was current
 * @throws {SetUpError} with one line that says what is missing and how to get it
 */
export async function setUp() {
  mkdirSync(join(checkoutRoot, 'dist'), { recursive: true });
  return withBuildLock(async () => {
    /** @type {string[]} */
    const done = [];
    for (const [name, step] of STEPS) {
      const started = performance.now();
      const what = await step();
      if (what === null) continue;
      done.push(name);
      console.log(`build: ${name}: ${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    }
    return done;
  });
}

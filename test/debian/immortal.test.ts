/** `npm run demo:immortal` in short: each way to die a little more than once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { whyNoNamespaces } from '../namespace/rig.ts';
import { debianRoot } from './debian-root.ts';
import { immortalTrial } from './immortal/trial.ts';

/** More than there are ways, so that each has its turn. */
const DEATHS = 30;
/** Any; a fixed one, so that a failure can be had again. */
const SEED = 1;

const made = whyNoNamespaces() === null ? debianRoot() : { ok: false as const, why: whyNoNamespaces() ?? '' };

test('daemons under load do not notice that the manager dies in every way there is', { skip: made.ok ? false : made.why }, async () => {
  if (!made.ok) return;
  const { findings, ways } = await immortalTrial({ root: made.path, deaths: DEATHS, seed: SEED, tell: () => undefined });
  for (const { claim, found, holds } of findings) assert.ok(holds, `${claim}: ${found}`);
  assert.ok(ways.size >= 25, `${String(ways.size)} different ways were taken`);
});

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

interface StaleDemos {
  readonly demoPrefix: () => string;
  readonly removeStaleDemos: (parent: string) => Promise<readonly string[]>;
}
/** The tools are JavaScript, because they run before anything is installed. */
const { demoPrefix, removeStaleDemos } = (await import(join(import.meta.dirname, '../../tools/start/stale-demos.mjs'))) as StaleDemos;

test('directories of demos that were killed go at the next start; of those that live, and of others, nothing is touched', async (context) => {
  const parent = mkdtempSync(join(tmpdir(), 'heartwood-stale-'));
  context.after(() => { rmSync(parent, { recursive: true }); });
  const { pid: dead } = spawnSync('true');
  const live = spawn('sleep', ['60']);
  const stale = `heartwood-demo-${String(dead)}-AbC123`;
  const kept = [mkdtempSync(join(parent, demoPrefix())), join(parent, `heartwood-demo-${String(live.pid)}-AbC123`), join(parent, 'heartwood-demo-notes'), join(parent, `heartwood-demo-${String(dead)}-shared`)];
  for (const path of [...kept, join(parent, stale)]) mkdirSync(path, { recursive: true });
  writeFileSync(join(parent, stale, 'left'), '');
  // The manager of a demo in another PID namespace answers although its pid is nobody's here.
  const server = createServer().listen(join(parent, `heartwood-demo-${String(dead)}-shared`, 'control'));
  await once(server, 'listening');
  assert.deepEqual(await removeStaleDemos(parent), [stale]);
  assert.ok(!existsSync(join(parent, stale)));
  assert.deepEqual(readdirSync(parent).sort(), kept.map((path) => path.slice(parent.length + 1)).sort());
  server.close();
  live.kill();
  await once(live, 'exit');
});

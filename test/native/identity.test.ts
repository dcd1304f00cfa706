import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addonPath, native, nodeEnvironment, ok, run } from './native-under-test.ts';

/** Runs a line of script in a Node of its own, with the addon as `native`. */
async function inNode(script: string, environment: readonly string[] = [], limits: readonly (readonly [number, number, number])[] = []): Promise<string> {
  const program = `const native = require(${JSON.stringify(addonPath)}); ${script}`;
  const { output } = await run([process.execPath, '-e', program], { env: [...nodeEnvironment, ...environment], limits });
  return output.trim();
}

test('the effective capabilities are those of /proc/self/status', () => {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''}`);
  assert.equal(native.effectiveCapabilities().reduce((sum, capability) => sum | (1n << BigInt(capability)), 0n), mask);
});

test('the name of the process is set, cut to what the kernel keeps', () => {
  ok(native.setProcessName('heartwood-with-a-long-name'));
  assert.equal(readFileSync('/proc/self/comm', 'utf8'), 'heartwood-with-\n');
});

test('the soft limit of open files is the one before Node raised it', async () => {
  const script = 'console.log(JSON.stringify(native.inheritedLimits().find(([resource]) => resource === 7)))';
  const limits = [[7, 300, 5000]] as const;
  assert.equal(await inNode(script, ['HEARTWOOD_NOFILE=300:5000'], limits), '[7,300,5000]');
  assert.equal(await inNode(script, [], limits), '[7,1024,5000]', 'without a record, the default of the kernel');
  assert.equal(await inNode(script, ['HEARTWOOD_NOFILE=9:1:nonsense'], limits), '[7,1024,5000]');
});

test('the parent-death signal reaches the child of a parent that ends', async () => {
  const script = `native.setParentDeathSignal(15); console.log(process.pid); setTimeout(() => {}, 20000);`;
  const program = `const native = require(${JSON.stringify(addonPath)}); ${script}`;
  // The shell ends as soon as the child has spoken; the pipe of the output closes only when the child is gone too.
  const startedAt = Date.now();
  const { output } = await run(['/bin/bash', '-c', `"${process.execPath}" -e '${program}' & read -t 5 -N 1 < <(sleep 1.5; echo x); exit 0`], { env: nodeEnvironment });
  assert.match(output, /^\d+\n$/);
  assert.ok(Date.now() - startedAt < 15_000, 'it did not live out its twenty seconds');
});

test('setsid makes a session once', async () => {
  assert.equal(await inNode('console.log(native.setsid())'), 'EPERM', 'a child of spawn leads its session already');
});

test('trimming gives memory back and the process goes on', async () => {
  const script = `
    const rss = () => Number(/VmRSS:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]);
    const before = rss(); const [mappings, bytes] = native.trimMemory(); const after = rss();
    console.log(mappings > 3, bytes > 20e6, after < before * 0.7, JSON.stringify(require('zlib').gunzipSync(require('zlib').gzipSync('still alive')).toString()));`;
  assert.equal(await inNode(script), 'true true true "still alive"');
});

test('the room of young objects that a burst of work has made large is given back', async () => {
  // What lives through collections makes the room grow; 10 million objects do so anywhere.
  const script = `
    const room = () => require('v8').getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
    let alive = [];
    while (room() < 4 << 20 && alive.length < 1e7) alive.push({ number: alive.length });
    const grown = room();
    alive = null;
    console.log(grown >= 4 << 20, native.shrinkHeap(), room() <= grown / 2 || [grown, room()]);`;
  assert.equal(await inNode(script), 'true 0 true');
});

/** What work has left in memory is given back when it is over, and an idle manager has nothing left to do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const SERVICES = 40;
/** Each is a kill and a restart with a crash record or a count; enough for V8 to take some megabytes more, in manager and logd. */
const RESTARTS = 600;
/** What is not given back: code that restarts need, which is in use now, and pages that are partly full. */
const GROWTH_ALLOWED_KIB = 3 << 10;
/** Some seconds of quiet and some collections, on a slow machine. */
const SETTLE_LIMIT_MS = 60_000;

function privateKilobytes(pid: number): number {
  return Number(/^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8'))?.[1]);
}

function residentKilobytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
}

/** Kills services, each again as soon as it is back, until there were `count` deaths. */
async function killAgainAndAgain(rig: Rig, count: number): Promise<void> {
  const seen = new Set<number>();
  await rig.until(() => {
    for (const { pid, command } of rig.processes()) {
      if (!command.startsWith('/bin/sleep') || seen.has(pid) || seen.size >= count) continue;
      seen.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    return seen.size >= count;
  }, { limitMs: 120_000, what: `${String(count)} restarts` });
}

/** Waits until clean pages were dropped, which is the last step of giving back. */
async function settled(rig: Rig, pid: number): Promise<number> {
  // Node's own text alone has more pages than that.
  await rig.until(() => residentKilobytes(pid) - privateKilobytes(pid) < 16 << 10, { limitMs: SETTLE_LIMIT_MS, what: 'clean pages to be dropped' });
  return privateKilobytes(pid);
}

test('after hundreds of restarts manager and logd hold no more memory than before', { skip }, async () => {
  const names = Array.from({ length: SERVICES }, (_, index) => `steady${String(index)}.service`);
  await withRig({
    units: {
      'default.target': `[Unit]\nWants=${names.join(' ')}\n`,
      ...Object.fromEntries(names.map((name) => [name, '[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=0\n'])),
    },
  }, async (rig) => {
    await rig.booted();
    const logd = rig.processes().find(({ command }) => /logd/.test(command))?.pid;
    assert.ok(logd !== undefined, 'logd runs');
    // The first of each kind leaves code that is used from then on.
    await killAgainAndAgain(rig, SERVICES * 2);
    const before = { manager: await settled(rig, rig.pid), logd: await settled(rig, logd) };
    await killAgainAndAgain(rig, RESTARTS);
    for (const [name, pid] of [['manager', rig.pid], ['logd', logd]] as const) {
      await rig.until(() => privateKilobytes(pid) - before[name] < GROWTH_ALLOWED_KIB, { limitMs: SETTLE_LIMIT_MS, what: `${name} to give back what the restarts have left` });
    }
  });
});

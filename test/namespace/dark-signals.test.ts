import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const UNITS = { 'default.target': '[Unit]\nWants=steady.service\n', 'steady.service': '[Service]\nExecStart=/bin/sleep 999\n' };
const boot = { units: UNITS, args: ['--log-target', 'console', '--log-level', 'info'] } as const;
/** From the death itself to after the recovery: in the handler, in the launcher, in Node's start, in ours. */
const MOMENTS_MS = [0, 2, 5, 10, 20, 30, 40, 50, 60, 80, 110, 150, 200] as const;

const count = (rig: Rig, pattern: RegExp): number => [...rig.console.matchAll(pattern)].length;

test('a signal that comes while the engine is dead is heard by the next one, whenever it comes', { skip }, async () => {
  await withRig(boot, async (rig) => {
    await rig.booted();
    const pid = await rig.property('steady.service', 'MainPID');
    for (const [index, msec] of MOMENTS_MS.entries()) {
      rig.signal('SIGSEGV');
      await sleep(msec);
      rig.signal('SIGHUP');
      await rig.until(() => count(rig, /the manager died/g) === index + 1, { what: `death ${String(index + 1)}` });
      await rig.until(() => count(rig, /received SIGHUP/g) === index + 1, { limitMs: 5000, what: `SIGHUP sent ${String(msec)} ms after a death` });
      await sleep(600);
    }
    assert.equal(await rig.property('steady.service', 'MainPID'), pid);
  });
});

test('SIGTERM in the dark time is an orderly stop, of a container and of a manager that is not process 1', { skip }, async () => {
  for (const msec of [3, 30, 60]) {
    await withRig(boot, async (rig) => {
      await rig.booted();
      rig.signal('SIGSEGV');
      await sleep(msec);
      rig.signal('SIGTERM');
      const { status } = await rig.ended;
      assert.equal(status, 0, rig.console.slice(-2000));
      assert.match(rig.console, /received SIGTERM/);
    });
    await withRig(boot, async (rig) => {
      await rig.booted();
      // A manager below the one of the rig: its SIGTERM would have the default action.
      const outcome = await rig.run(['/bin/sh', '-c', `
        mkdir -p /tmp/u /tmp/run
        printf '[Service]\\nExecStart=/bin/sleep 999\\nExecStop=/bin/touch /tmp/stopped\\n' > /tmp/u/default.service
        /opt/heartwood/bin/heartwood --user --unit-path /tmp/u --unit default.service --runtime-dir /tmp/run --log-target null & pid=$!
        for i in $(seq 200); do [ "$(HEARTWOOD_SOCKET=/tmp/run/control initctl is-active default.service)" = active ] && break; sleep 0.05; done
        kill -SEGV $pid; sleep ${String(msec / 1000)}; kill -TERM $pid
        wait $pid; echo "status $?"; ls /tmp/stopped`]);
      assert.match(outcome.stdout, /status 0\n\/tmp\/stopped/, outcome.stdout + outcome.stderr);
    });
  }
});

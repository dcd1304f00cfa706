/** RestartEverySec=, RestartOnCalendar=, RestartOnChange= and ReloadOnChange=: a service that runs begins anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { keysOf } from '../../../src/base/persistent-map.ts';
import { describeReason } from '../../../src/core/manager/query.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';
import { UnitFolder } from '../../../src/sim/unit-folder.ts';
import { saidOf, serviceOf, unitOf } from '../unit-file/unit-rig.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const NAME = 'web.service' as UnitName;
const NO_DEFAULTS = '[Unit]\nDefaultDependencies=no\n';

interface Machine {
  readonly kernel: SimulatedKernel;
  readonly starts: () => number;
  readonly write: (lines: string) => void;
}

/** The manager dies and comes back after every step. */
function boot(lines: string, options: SimulationOptions = {}, files: readonly string[] = []): Machine {
  const text = (settings: string): string => `${NO_DEFAULTS}[Service]\nExecStart=/bin/web.service\n${settings}`;
  const folder = new UnitFolder({ 'default.target': `${NO_DEFAULTS}Wants=${NAME}\n`, [NAME]: text(lines) });
  const kernel = new SimulatedKernel({ load: (names) => folder.load(names), restoreEvery: 1, ...options });
  for (const file of files) kernel.files.set(file, 1);
  kernel.boot(folder.load(['default.target' as UnitName]));
  kernel.run(SECOND);
  return {
    kernel,
    starts: () => kernel.history.filter((line) => line === `spawn ExecStart ${NAME}`).length,
    write: (settings) => {
      folder.write(NAME, text(settings));
      kernel.reload(folder.load(keysOf(kernel.state.units)));
    },
  };
}

test('a service is restarted every so often, counted from the start of its process', () => {
  const { kernel, starts } = boot('RestartEverySec=10s\n');
  kernel.run(8 * SECOND);
  assert.equal(starts(), 1);
  kernel.run(2 * SECOND);
  assert.equal(starts(), 2);
  const reason = kernel.unit(NAME).startReason;
  assert.equal(reason === null ? '' : describeReason(reason), 'RestartEverySec=10s');
  // A restart by hand begins the span anew.
  kernel.run(5 * SECOND);
  kernel.enqueue('restart', NAME);
  kernel.run(9 * SECOND);
  assert.equal(starts(), 3);
  kernel.run(2 * SECOND);
  assert.equal(starts(), 4);
  kernel.enqueue('stop', NAME);
  kernel.run(100 * SECOND);
  assert.equal(starts(), 4, 'what is stopped stays so');
});

test('a service is restarted on the calendar, once for each instant, also when the clock is set', () => {
  const { kernel, starts } = boot('RestartOnCalendar=*-*-* *:00:00\n');
  const toHour = HOUR - kernel.clock().realtimeUsec % HOUR;
  kernel.run(toHour - SECOND);
  assert.equal(starts(), 1);
  kernel.run(2 * SECOND);
  assert.equal(starts(), 2);
  kernel.run(4 * HOUR);
  assert.equal(starts(), 6);
  kernel.stepClock(HOUR / 2);
  kernel.run(HOUR / 2 - 2 * SECOND);
  assert.equal(starts(), 6);
  kernel.run(4 * SECOND);
  assert.equal(starts(), 7);
});

// The period stayed due, and the manager span on its timer until the other service was down.
test('a period that ends while a shutdown waits for another service passes quietly', () => {
  const folder = new UnitFolder({
    'default.target': `${NO_DEFAULTS}Wants=${NAME} last.service\n`,
    [NAME]: `${NO_DEFAULTS}[Service]\nExecStart=/bin/web.service\nRestartEverySec=10s\n`,
    'last.service': `${NO_DEFAULTS}After=${NAME}\n[Service]\nExecStart=/bin/last\n`,
  });
  const kernel = new SimulatedKernel({ scripts: { '/bin/last': { termTakesUsec: 30 * SECOND } } });
  kernel.boot(folder.load(['default.target' as UnitName]));
  kernel.run(5 * SECOND);
  kernel.signal('SIGTERM');
  const stepsBefore = kernel.steps;
  kernel.run(60 * SECOND);
  assert.notEqual(kernel.finished, null);
  assert.equal(kernel.history.filter((line) => line === `spawn ExecStart ${NAME}`).length, 1, 'nothing is restarted in a shutdown');
  assert.ok(kernel.steps - stepsBefore < 50, `${String(kernel.steps - stepsBefore)} events`);
});

test('with RestartOverlap= the periodic restart overlaps, and one that fails is tried again after the next period', () => {
  const { kernel, starts } = boot('RestartEverySec=10s\nRestartOverlap=yes\nRestartOverlapSec=2s\n', {
    scripts: { '/bin/web.service': (run) => (run === 2 ? { exitAfterUsec: SECOND, exitStatus: 1 } : {}) },
  });
  const [first] = kernel.processesOf(NAME);
  kernel.run(15 * SECOND);
  assert.deepEqual([starts(), kernel.processesOf(NAME)[0]?.pid, kernel.unit(NAME).activeState], [2, first?.pid, 'active']);
  kernel.run(10 * SECOND);
  assert.equal(starts(), 3);
  assert.notEqual(kernel.processesOf(NAME)[0]?.pid, first?.pid);
  assert.ok(!kernel.history.includes(`dead ${NAME}`));
});

test('a change of a watched file restarts the service once it is quiet, and several changes are one', () => {
  const { kernel, starts } = boot('RestartOnChange=/etc/web.conf /etc/web.key\n', {}, ['/etc/web.conf', '/etc/web.key']);
  assert.equal(starts(), 1, 'what is there from the beginning is no change');
  kernel.writeFile('/etc/web.conf');
  kernel.run(0.4 * SECOND);
  kernel.writeFile('/etc/web.key');
  kernel.run(0.4 * SECOND);
  assert.equal(starts(), 1);
  kernel.run(0.2 * SECOND);
  assert.equal(starts(), 2);
  kernel.writeFile('/etc/other');
  kernel.run(10 * SECOND);
  assert.equal(starts(), 2);
});

test('a file that never rests is no reason to wait for ever', () => {
  const { kernel, starts } = boot('RestartOnChange=/etc/web.conf\n', {}, ['/etc/web.conf']);
  for (let i = 0; i < 20; i++) {
    kernel.writeFile('/etc/web.conf');
    kernel.run(0.3 * SECOND);
  }
  assert.equal(starts(), 2);
});

test('while a watched file is gone nothing is done; its return is a change', () => {
  const { kernel, starts } = boot('RestartOnChange=/etc/web.conf\n', {}, ['/etc/web.conf']);
  kernel.removeFile('/etc/web.conf');
  kernel.run(20 * SECOND);
  assert.equal(starts(), 1);
  kernel.writeFile('/etc/web.conf');
  kernel.run(SECOND);
  assert.equal(starts(), 2);
});

test('ReloadOnChange= reloads what can be reloaded and restarts what cannot; of both settings the restart counts', () => {
  const reloads = (kernel: SimulatedKernel): number => kernel.history.filter((line) => line === `spawn ExecReload ${NAME}`).length;
  const scripts = { '/bin/reload': { exitAfterUsec: 0 } };
  const one = boot('ReloadOnChange=/etc/a\nExecReload=/bin/reload\n', { scripts }, ['/etc/a']);
  one.kernel.writeFile('/etc/a');
  one.kernel.run(SECOND);
  assert.deepEqual([one.starts(), reloads(one.kernel)], [1, 1]);
  const other = boot('ReloadOnChange=/etc/a\n', {}, ['/etc/a']);
  other.kernel.writeFile('/etc/a');
  other.kernel.run(SECOND);
  assert.equal(other.starts(), 2);
  const both = boot('ReloadOnChange=/etc/a\nRestartOnChange=/etc/b\nExecReload=/bin/reload\n', { scripts }, ['/etc/a', '/etc/b']);
  both.kernel.writeFile('/etc/b');
  both.kernel.writeFile('/etc/a');
  both.kernel.run(SECOND);
  assert.deepEqual([both.starts(), reloads(both.kernel)], [2, 0]);
});

test('a service that is down is not started by a change', () => {
  const { kernel, starts } = boot('RestartOnChange=/etc/web.conf\nRestartEverySec=5s\n', {}, ['/etc/web.conf']);
  kernel.enqueue('stop', NAME);
  kernel.run(SECOND);
  kernel.writeFile('/etc/web.conf');
  kernel.run(20 * SECOND);
  assert.equal(starts(), 1);
  kernel.enqueue('start', NAME);
  kernel.run(4 * SECOND);
  kernel.writeFile('/etc/web.conf');
  kernel.run(0.8 * SECOND);
  assert.equal(starts(), 3);
});

test('a daemon-reload brings and takes such settings of a service that runs', () => {
  const { kernel, starts, write } = boot('');
  write('RestartOnChange=/etc/web.conf\nRestartEverySec=100s\n');
  kernel.writeFile('/etc/web.conf');
  kernel.run(SECOND);
  assert.equal(starts(), 2);
  kernel.run(50 * SECOND);
  write('RestartEverySec=60s\n');
  kernel.run(8 * SECOND);
  kernel.writeFile('/etc/web.conf');
  kernel.run(SECOND);
  assert.equal(starts(), 2);
  kernel.run(2 * SECOND);
  assert.equal(starts(), 3, 'the new span counts from the start of the process, too');
  write('');
  kernel.run(200 * SECOND);
  assert.equal(starts(), 3);
});

test('the settings are read from [Service], and what is wrong with them is said', () => {
  const { renewal } = serviceOf('RestartEverySec=1h\nRestartOnCalendar=daily\nRestartOnCalendar=Mon 04:00\nRestartOnChange=/a "/b c"\nReloadOnChange=/d\n');
  assert.deepEqual([renewal.everyUsec, renewal.calendars.map(({ text }) => text)], [HOUR, ['*-*-* 00:00:00', 'Mon *-*-* 04:00:00']]);
  assert.deepEqual(renewal.watches.map(({ setting, path }) => `${setting} ${path}`), ['RestartOnChange /a', 'RestartOnChange /b c', 'ReloadOnChange /d']);
  assert.deepEqual(serviceOf('RestartOnChange=/a\nReloadOnChange=/b\nRestartOnChange=\n').renewal.watches.map(({ path }) => path), ['/b']);
  const wrong = unitOf('a.service', '[Service]\nExecStart=/bin/true\nRestartEverySec=1ms\nRestartOnCalendar=sometimes\nRestartOnChange=relative\n');
  assert.equal(wrong.kind === 'service' && wrong.renewal.everyUsec, SECOND);
  const said = saidOf(wrong).join('\n');
  for (const pattern of [/3: RestartEverySec= is at least 1s/, /4: .*calendar expression/, /5: .*relative/]) assert.match(said, pattern);
});

/**
 * Deaths before the manager's own guard stands: in Node's beginning, while the addon is loaded, while the configuration is read. After a
 * re-exec, and on a machine from its first start on, each of them ends in the manager running again or in the rescue program.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CHECKOUT, CHECKOUT_INSIDE, NODE_INSIDE, UNITS_INSIDE, whyNoNamespaces, withRig, type Rig, type RigOptions } from './rig.ts';
import { deaths, zombies } from './ways-to-die.ts';

const skip = whyNoNamespaces() ?? false;

/** All tries of a start with their pauses take three seconds on an idle machine. */
const LIMIT_MS = 60_000;

const UNITS = { 'default.target': '[Unit]\nWants=steady.service\n', 'steady.service': '[Service]\nRestart=always\nExecStart=/bin/sleep 1000\n' };
/** Whoever writes this file has what is in it happen in the place of Node. */
const MISHAP = '/run/mishap';
const NODE = '/usr/local/bin/fragile-node';
const fragile: RigOptions = {
  units: UNITS, args: ['--log-target', 'console', '--log-level', 'notice'],
  files: { [NODE]: { text: `#!/bin/sh\n[ ! -e ${MISHAP} ] || . ${MISHAP}\nexec ${NODE_INSIDE}/node "$@"\n`, mode: 0o755 } },
  env: { HEARTWOOD_NODE: NODE },
};
const RESCUED = 'heartwood rescue: services run on';

async function write(rig: Rig, text: string): Promise<void> {
  const { status, stderr } = await rig.run(['/bin/sh', '-c', `cat > ${MISHAP}.new && mv ${MISHAP}.new ${MISHAP}`], { input: text });
  assert.equal(status, 0, stderr);
}

async function comesBack(rig: Rig, before: number): Promise<void> {
  await rig.until(() => deaths(rig.console) > before, { what: 'the manager to come back', limitMs: LIMIT_MS });
}

test('Node that dies of a signal while it starts again is started once more, and nobody loses anything', { skip }, () => withRig(fragile, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  for (const signal of ['SEGV', 'ABRT', 'BUS', 'ILL', 'FPE', 'SYS']) {
    const before = deaths(rig.console);
    await write(rig, `rm ${MISHAP}; kill -${signal} $$\n`);
    const pending = rig.initctl('is-active', 'steady.service');
    rig.signal('SIGSEGV');
    await comesBack(rig, before);
    assert.equal((await pending).stdout, 'active\n', signal);
    assert.match(rig.console, /the manager cannot be started: it died while it started, of signal \d+/);
  }
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
  assert.deepEqual(zombies(rig), []);
  assert.ok(!rig.console.includes(RESCUED), rig.console);
}));

test('Node that dies in each of its starts leaves its place to the rescue program, which starts it again when that helps', { skip }, () => withRig(fragile, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  await write(rig, 'kill -SEGV $$\n');
  rig.signal('SIGSEGV');
  await rig.until(() => rig.console.includes(RESCUED), { what: 'the rescue program', limitMs: LIMIT_MS });
  const status = await rig.initctl('status');
  assert.match(status.stderr, /the rescue program is in the manager's place.*died while it started, of signal 11/, 'it serves the clients of the manager');
  await rig.run(['rm', MISHAP]);
  const before = deaths(rig.console);
  assert.equal((await rig.initctl('daemon-reexec')).status, 0);
  await comesBack(rig, before);
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
  assert.equal(await rig.property('steady.service', 'NRestarts'), '0');
}));

test('a start that hangs is told by its time', { skip }, () => withRig({ ...fragile, env: { ...fragile.env, HEARTWOOD_HANG_MSEC: '600' } }, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  await write(rig, `rm ${MISHAP}; while :; do :; done\n`);
  const before = deaths(rig.console);
  rig.signal('SIGSEGV');
  await comesBack(rig, before);
  assert.match(rig.console, /the manager cannot be started: it hung while it started/);
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
}));

const ADDON = `${UNITS_INSIDE}/addon.node`;
const ownAddon: RigOptions = {
  units: { ...UNITS, 'addon.node': readFileSync(join(CHECKOUT, 'dist/native/heartwood.node')) },
  args: ['--log-target', 'console', '--log-level', 'notice'], env: { HEARTWOOD_ADDON: ADDON },
};

test('an addon that cannot be loaded any more is no end: the manager goes on when it is back', { skip }, () => withRig(ownAddon, async (rig) => {
  await rig.booted();
  const pid = await rig.property('steady.service', 'MainPID');
  await rig.run(['/bin/sh', '-c', `mv ${ADDON} ${ADDON}.good && echo rubbish > ${ADDON}`]);
  rig.signal('SIGSEGV');
  await rig.until(() => rig.console.includes('the manager cannot be started: it ended while it started'), { what: 'a start that fails', limitMs: LIMIT_MS });
  await rig.until(() => rig.console.includes(RESCUED), { what: 'the rescue program', limitMs: LIMIT_MS });
  assert.match(rig.console, /the addon .* cannot be loaded/, 'the reason is on the console');
  const before = deaths(rig.console);
  await rig.run(['mv', `${ADDON}.good`, ADDON]);
  rig.signal('SIGHUP');
  await comesBack(rig, before);
  assert.equal(await rig.property('steady.service', 'MainPID'), pid);
}));

test('Node that is not there any more leaves its place to the rescue program', { skip }, () => withRig(fragile, async (rig) => {
  await rig.booted();
  await rig.run(['mv', NODE, `${NODE}.away`]);
  rig.signal('SIGSEGV');
  await rig.until(() => rig.console.includes(RESCUED), { what: 'the rescue program', limitMs: LIMIT_MS });
  assert.match((await rig.initctl('status')).stderr, /cannot execute \$HEARTWOOD_NODE/);
  const before = deaths(rig.console);
  await rig.run(['mv', `${NODE}.away`, NODE]);
  rig.signal('SIGHUP');
  await comesBack(rig, before);
}));

// HEARTWOOD_RESCUE is what stage0 gives the manager of a machine.
test('on a machine even the first start is tried again, and ends in the rescue program', { skip }, async () => {
  const machine: RigOptions = { ...ownAddon, units: { ...UNITS, 'addon.node': 'rubbish' }, env: { ...ownAddon.env, HEARTWOOD_RESCUE: `${CHECKOUT_INSIDE}/dist/native/stage0`, container: '' } };
  await withRig(machine, async (rig) => {
    await rig.until(() => rig.console.includes(RESCUED), { what: 'the rescue program', limitMs: LIMIT_MS });
    assert.equal(rig.console.split('the manager cannot be started').length - 1, 5, rig.console);
    // Ctrl-Alt-Del.
    rig.signal('SIGINT');
    await rig.ended;
    assert.match(rig.console, /stopping all services/);
  });
});

test('a container that cannot even begin ends with the reason and a status', { skip }, () => withRig({ ...ownAddon, units: { ...UNITS, 'addon.node': 'rubbish' } }, async (rig) => {
  const { status } = await rig.ended;
  assert.notEqual(status, 0);
  assert.match(rig.console, /the addon .* cannot be loaded/);
  assert.doesNotMatch(rig.console, /rescue/);
}));

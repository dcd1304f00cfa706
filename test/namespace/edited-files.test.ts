/** What is loaded counts until a daemon-reload, whatever has become of the files; also for the engine after a death. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const LOADED = '/etc/heartwood/system';

const boot = {
  units: {
    'default.target': '[Unit]\nWants=lasting.service often.timer\n',
    'lasting.service': '[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c ": > /run/stopped-as-loaded"\n',
    'renamed.service': '[Service]\nExecStart=/bin/sleep 1000\n',
    'other.service': '[Service]\nExecStart=/bin/sleep 1000\n',
    'often.timer': '[Timer]\nOnActiveSec=1h\nUnit=lasting.service\n',
  },
  args: ['--log-target', 'console'],
} as const;

/** Until the next engine will know the unit as it is loaded now. */
async function written(rig: Rig, text: string): Promise<void> {
  await rig.until(async () => (await rig.run(['/bin/sh', '-c', `for fd in /proc/1/fd/*; do case $(readlink $fd) in *heartwood-definitions*) grep -q '${text}' $fd && exit 0;; esac; done; exit 1`])).status === 0, { what: `"${text}" among the definitions that are kept` });
}

async function write(rig: Rig, file: string, text: string): Promise<void> {
  assert.equal((await rig.run(['/bin/sh', '-c', `cat > ${LOADED}/${file} <<'END'\n${text}\nEND`])).status, 0);
}

async function die(rig: Rig, times: number): Promise<void> {
  rig.signal('SIGSEGV');
  await rig.until(() => rig.console.split('and was executed again').length - 1 === times, { what: 'the next engine' });
}

test('an edited unit file means nothing to the engine after a death before daemon-reload', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const pid = await rig.property('lasting.service', 'MainPID');
  await rig.initctl('restart', 'renamed.service');
  await rig.initctl('show', 'other.service');
  for (const unit of ['lasting.service', 'renamed.service', 'other.service', 'often.timer']) await written(rig, `"name":"${unit}"`);
  await write(rig, 'lasting.service', '[Service]\nExecStartPre=/bin/sleep 600\nExecStart=/bin/sleep 1000\nExecStop=/bin/sh -c ": > /run/stopped-as-edited"');
  await write(rig, 'often.timer', '[Timer]\nOnActiveSec=1s\nUnit=other.service');
  // Its name leads elsewhere now.
  assert.equal((await rig.run(['/bin/sh', '-c', `cd ${LOADED} && rm renamed.service && ln -s other.service renamed.service`])).status, 0);
  for (const times of [1, 2]) {
    await die(rig, times);
    assert.deepEqual([await rig.property('lasting.service', 'SubState'), await rig.property('lasting.service', 'MainPID')], ['running', pid]);
    assert.equal(await rig.property('lasting.service', 'ExecStartPre'), '');
    assert.equal(await rig.property('lasting.service', 'NeedDaemonReload'), 'yes');
    assert.equal(await rig.property('renamed.service', 'Id'), 'renamed.service');
    assert.equal(await rig.property('renamed.service', 'SubState'), 'running');
    assert.equal(await rig.property('other.service', 'ActiveState'), 'inactive');
    assert.equal(await rig.property('often.timer', 'Unit'), 'lasting.service');
  }
  assert.equal((await rig.initctl('stop', 'lasting.service')).status, 0);
  assert.equal((await rig.run(['test', '-e', '/run/stopped-as-loaded'])).status, 0);
  assert.equal((await rig.initctl('daemon-reload')).status, 0);
  assert.match(await rig.property('lasting.service', 'ExecStartPre'), /sleep 600/);
  assert.equal(await rig.property('lasting.service', 'NeedDaemonReload'), 'no');
}));

test('after a daemon-reload the next engine has what was reloaded, also when the newest snapshot is older', { skip }, () => withRig(boot, async (rig) => {
  await rig.booted();
  const pid = await rig.property('lasting.service', 'MainPID');
  await written(rig, '"name":"lasting.service"');
  await write(rig, 'lasting.service', '[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/true reloaded');
  assert.equal((await rig.initctl('daemon-reload')).status, 0);
  await written(rig, 'reloaded');
  await write(rig, 'lasting.service', '[Service]\nExecStart=/bin/sleep 1000\nExecStop=/bin/true edited');
  await die(rig, 1);
  assert.match(await rig.property('lasting.service', 'ExecStop'), /true reloaded/);
  assert.equal(await rig.property('lasting.service', 'MainPID'), pid);
  assert.equal(await rig.property('lasting.service', 'NeedDaemonReload'), 'yes');
}));

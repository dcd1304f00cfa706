/** Generators on the real kernel: programs that write units before they are loaded, and the two of our own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig, type RigOptions } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

const PLACES = { SYSTEMD_GENERATOR_PATH: '/run/first:/etc/second', SYSTEMD_ENVIRONMENT_GENERATOR_PATH: '/etc/env-generators', SYSTEMD_FSTAB: '/etc/test-fstab', SYSTEMD_SYSVINIT_PATH: '/etc/test-init.d', SYSTEMD_SYSVRCND_PATH: '/etc/test-rc' };

function script(text: string): { readonly text: string; readonly mode: number } {
  return { text: `#!/bin/sh\n${text}\n`, mode: 0o755 };
}

function options(files: NonNullable<RigOptions['files']>, units: NonNullable<RigOptions['units']> = {}): RigOptions {
  return { run: 'root', env: PLACES, files, units };
}

async function text(rig: Rig, path: string): Promise<string> {
  return (await rig.run(['cat', path])).stdout;
}

test('generators are run at the same time with three directories and are told where they are; what they write is loaded by its rank', { skip }, async () => {
  const unit = (what: string): string => `printf "[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart=/bin/echo ${what}\\n"`;
  const files = {
    '/etc/second/a': script(`env > /tmp/environment; echo "$#" >> /tmp/environment
      touch /tmp/a; until [ -e /tmp/b ]; do sleep 0.01; done
      ${unit('normal')} > $1/plain.service; ${unit('early')} > $2/ruled.service; ${unit('late')} > $3/known.service; ${unit('late')} > $3/fallback.service
      mkdir $1/default.target.wants; ln -s ../plain.service $1/default.target.wants/plain.service`),
    '/etc/second/b': script('touch /tmp/b; until [ -e /tmp/a ]; do sleep 0.01; done'),
    '/etc/second/masked': script('touch /tmp/must-not-run'),
    '/run/first/masked': { text: '' },
    '/run/first/broken': script('exit 3'),
  };
  const units = { 'ruled.service': '[Service]\nExecStart=/bin/false\n', 'known.service': '[Service]\nType=oneshot\nExecStart=/bin/echo file\n' };
  await withRig(options(files, units), async (rig) => {
    assert.equal(await rig.booted(), 'running');
    assert.equal(await rig.property('plain.service', 'ActiveState'), 'active');
    const fragment = (name: string): Promise<string> => rig.property(name, 'FragmentPath');
    assert.deepEqual([await fragment('plain.service'), await fragment('ruled.service'), await fragment('known.service'), await fragment('fallback.service')], [
      '/run/heartwood/generator/plain.service', '/run/heartwood/generator.early/ruled.service', '/etc/heartwood/system/known.service', '/run/heartwood/generator.late/fallback.service',
    ]);
    assert.equal((await rig.initctl('is-enabled', 'plain.service')).stdout, 'generated\n');
    const environment = await text(rig, '/tmp/environment');
    for (const line of [/^SYSTEMD_SCOPE=system$/m, /^SYSTEMD_IN_INITRD=0$/m, /^SYSTEMD_FIRST_BOOT=[01]$/m, /^SYSTEMD_VIRTUALIZATION=container:container-other$/m, /^SYSTEMD_ARCHITECTURE=[a-z0-9-]+$/m, /^PATH=/m, /^3$/m]) assert.match(environment, line);
    assert.equal((await rig.run(['test', '-e', '/tmp/must-not-run'])).status, 1);
    assert.match(rig.console, /the generator \/run\/first\/broken failed with status 3/);
  });
});

test('a daemon-reload runs them again in empty directories, and the manager answers meanwhile', { skip }, async () => {
  const files = { '/etc/second/a': script('for name in $(cat /etc/names); do printf "[Service]\\nExecStart=/bin/true\\n" > $1/$name.service; done; [ ! -e /tmp/slow ] || until [ -e /tmp/go ]; do sleep 0.01; done'), '/etc/names': { text: 'one' } };
  await withRig(options(files), async (rig) => {
    await rig.booted();
    assert.equal(await rig.property('one.service', 'LoadState'), 'loaded');
    await rig.run(['sh', '-c', 'echo two > /etc/names; touch /tmp/slow']);
    let isOver = false;
    const reload = rig.initctl('daemon-reload').then((outcome) => {
      isOver = true;
      return outcome;
    });
    assert.equal((await rig.initctl('is-system-running')).stdout, 'running\n');
    assert.equal(isOver, false, 'the generator has not ended');
    await rig.run(['touch', '/tmp/go']);
    assert.equal((await reload).status, 0);
    assert.equal(await rig.property('one.service', 'LoadState'), 'not-found');
    assert.equal(await rig.property('two.service', 'LoadState'), 'loaded');
  });
});

test('environment generators run one after the other, and clients overrule what they set', { skip }, async () => {
  const files = {
    '/etc/env-generators/10-first': script('echo A=1; echo "B=\'two words\'"; cat /etc/more'),
    '/etc/env-generators/20-second': script('echo C=$A-and-$B'),
    '/etc/more': { text: 'D=old\nE=old\n' },
  };
  await withRig(options(files), async (rig) => {
    await rig.booted();
    const shown = async (): Promise<string[]> => (await rig.initctl('show-environment')).stdout.split('\n').filter((line) => /^[A-E]=/.test(line)).sort();
    const before = await shown();
    assert.deepEqual([before[0], before[3], before[4]], ['A=1', 'D=old', 'E=old']);
    assert.match(before[2] ?? '', /1-and-two words/);
    await rig.initctl('set-environment', 'D=client');
    await rig.run(['sh', '-c', 'echo D=new > /etc/more']);
    assert.equal((await rig.initctl('daemon-reload')).status, 0);
    assert.deepEqual((await shown()).filter((line) => /^[DE]/.test(line)), ['D=client']);
  });
});

test('the entries of fstab are mounted at boot, and what is missing is complained about with its line', { skip }, async () => {
  const files = { '/etc/test-fstab': { text: '# comment\ntmpfs /srv/one tmpfs size=1M 0 0\ntmpfs /srv/two\\040words tmpfs noauto 0 0\n/no/such /srv/three none bind,nofail 0 0\n/swap none swap sw 0 0\noops\n' } };
  await withRig(options(files), async (rig) => {
    await rig.booted();
    assert.equal(await rig.property('srv-one.mount', 'ActiveState'), 'active');
    assert.equal(await rig.property('srv-one.mount', 'SourcePath'), '/etc/test-fstab');
    assert.match(await text(rig, '/proc/mounts'), /^tmpfs \/srv\/one tmpfs .*size=1024k/m);
    assert.equal(await rig.property('srv-two\\x20words.mount', 'ActiveState'), 'inactive');
    assert.equal((await rig.initctl('start', 'srv-two\\x20words.mount')).status, 0);
    assert.equal(await rig.property('local-fs.target', 'ActiveState'), 'active', 'nofail: it does not wait for the third');
    assert.match(rig.console, /\/etc\/test-fstab:5: .*swap/);
    assert.match(rig.console, /\/etc\/test-fstab:6: /);
  });
});

test('an init script without a unit file is a service, started in its runlevel with what its header asks for', { skip }, async () => {
  const daemon = `### BEGIN INIT INFO
# Provides:          old other-name
# Required-Start:    helper $remote_fs
# Default-Start:     2 3 4 5
# Short-Description: An old daemon
### END INIT INFO
case "$1" in
  start) [ -e /tmp/helper ] || exit 1; sleep infinity & ;;
  stop) touch /tmp/stopped ;;
  *) echo "Usage: $0 {start|stop|reload}" ;;
esac`;
  const files = {
    '/etc/test-init.d/old': script(daemon),
    '/etc/test-init.d/helper': script('touch /tmp/helper'),
    '/etc/test-init.d/native': script('touch /tmp/must-not-run'),
    '/etc/test-init.d/README': { text: 'no script' },
  };
  const units = { 'native.service': '[Service]\nExecStart=/bin/true\n' };
  await withRig({ ...options(files, units), args: ['--unit', 'basic.target'] }, async (rig) => {
    await rig.booted();
    await rig.run(['sh', '-c', 'mkdir -p /etc/test-rc/rc2.d && ln -s ../../test-init.d/old /etc/test-rc/rc2.d/S05old && ln -s ../../test-init.d/helper /etc/test-rc/rc2.d/S01helper']);
    assert.equal((await rig.initctl('daemon-reload')).status, 0);
    assert.equal((await rig.initctl('isolate', 'multi-user.target')).status, 0);
    assert.equal(await rig.property('old.service', 'ActiveState'), 'active');
    assert.equal(await rig.property('other-name.service', 'Id'), 'old.service');
    assert.equal(await rig.property('old.service', 'Description'), 'LSB: An old daemon');
    assert.equal(await rig.property('old.service', 'FragmentPath'), '/run/heartwood/generator.late/old.service');
    assert.match(await rig.property('old.service', 'CanReload'), /yes/);
    assert.equal((await rig.initctl('stop', 'old.service')).status, 0);
    assert.equal((await rig.run(['test', '-e', '/tmp/stopped'])).status, 0);
    assert.equal(await rig.property('native.service', 'FragmentPath'), '/etc/heartwood/system/native.service');
  });
});

test('a manager that dies while generators run begins its boot anew, and one that is told to end then ends', { skip }, async () => {
  const slow = script('echo run >> /tmp/runs; printf "[Service]\\nExecStart=/bin/sleep infinity\\n" > $1/made.service; mkdir -p $1/default.target.wants; ln -s ../made.service $1/default.target.wants/; until [ -e /tmp/go ]; do sleep 0.01; done');
  const runs = async (rig: Rig): Promise<number> => (await text(rig, '/tmp/runs')).split('\n').length - 1;
  await withRig(options({ '/etc/second/a': slow }), async (rig) => {
    await rig.until(async () => (await runs(rig)) === 1, { what: 'the generator to run' });
    rig.signal('SIGSEGV');
    await rig.until(async () => (await runs(rig)) === 2, { what: 'the generator to run again' });
    await rig.run(['touch', '/tmp/go']);
    assert.equal(await rig.booted(), 'running');
    assert.equal(await rig.property('made.service', 'ActiveState'), 'active');
  });
  await withRig(options({ '/etc/second/a': slow }), async (rig) => {
    await rig.until(async () => (await runs(rig)) === 1, { what: 'the generator to run' });
    rig.signal('SIGTERM');
    assert.equal((await rig.ended).status, 0);
  });
});

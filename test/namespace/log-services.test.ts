import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const SERVICE = 'ExecReload=/bin/kill -HUP $MAINPID\nRestart=always\nRestartSec=50ms\n';
/** As docs/logs.md has them. */
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'web.socket': '[Socket]\nListenFIFO=/run/web\n',
  'web.service': '[Service]\nStandardInput=socket\nStandardOutput=journal\nExecStart=/bin/cat\n',
  'web-log.service': `[Service]\nExecStart=initctl log-copy web.service --follow --cursor-file=/tmp/log.cursor --to=file:/tmp/web-%%Y.log --to=status:/tmp/last "--layout=@%%{tai64n} %%{message}"\n${SERVICE}`,
  'web-log.timer': '[Timer]\nOnActiveSec=1ms\nAccuracySec=1ms\nTriggerJob=reload\n',
  'web-errors.service': `[Service]\nExecStart=initctl log-copy web.service --follow --cursor-file=/tmp/errors.cursor --grep=error --grep=fatal --exclude=harmless --to=file:/tmp/errors "--layout=go:2006/01/02 15:04:05.000"\n${SERVICE}`,
  'web-kept.service': `[Service]\nExecStart=initctl log-copy web.service --follow --cursor-file=/tmp/kept.cursor "--to=command:multilog s4096 n3 '!tr a-z A-Z' /tmp/kept" --layout=%%{message}\n${SERVICE}`,
  'sink.socket': '[Socket]\nListenFIFO=/run/sink\n',
  'sink.service': '[Service]\nStandardInput=socket\nExecStart=multilog t s1000000 n10 /tmp/sink\nRestart=always\nRestartSec=50ms\n',
};

function lines(rig: Rig, path: string): readonly string[] {
  return existsSync(rig.path(path)) ? readFileSync(rig.path(path), 'utf8').split('\n').filter((line) => line !== '') : [];
}

/** The file of a dated name, whatever the year is in which the test runs. */
function dated(rig: Rig): string | undefined {
  return readdirSync(rig.path('/tmp')).find((name) => /^web-\d{4}\.log$/.test(name));
}

test('log services write dated files, status files, selected lines, and files of limited size with a processor', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    assert.equal((await rig.initctl('start', 'web.socket', 'web-log', 'web-errors', 'web-kept')).status, 0);
    const say = async (...words: readonly string[]): Promise<void> => {
      assert.equal((await rig.run(['initctl', 'feed', 'web'], { input: words.map((word) => `${word}\n`).join('') })).status, 0);
    };
    await say('hello', 'an error', 'a harmless error', 'fatal it was');
    await rig.until(() => lines(rig, '/tmp/errors').length === 2, { what: 'the selected lines' });
    assert.match(lines(rig, '/tmp/errors').join('|'), /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d{3} an error\|\d{4}\/.* fatal it was$/);
    await rig.until(() => lines(rig, '/tmp/last').some((line) => line.endsWith('fatal it was')), { what: 'the status file' });
    const name = dated(rig);
    assert.ok(name !== undefined);
    await rig.until(() => lines(rig, `/tmp/${name}`).length === 4);
    for (const line of lines(rig, `/tmp/${name}`)) assert.match(line, /^@4[0-9a-f]{23} /);
    assert.equal((await rig.initctl('log', '--lines=1', '--output=cat', 'web')).stdout, 'fatal it was\n');

    // Moved away, and opened again by a timer: the next line is in a new file.
    renameSync(rig.path(`/tmp/${name}`), rig.path('/tmp/moved'));
    const pid = await rig.property('web-log.service', 'MainPID');
    assert.equal((await rig.initctl('start', 'web-log.timer')).status, 0);
    await rig.until(async () => (await rig.property('web-log.timer', 'LastTriggerUSecMonotonic')) !== '0' && (await rig.property('web-log.service', 'ActiveState')) === 'active', { what: 'the timer to elapse' });
    await rig.until(async () => (await rig.property('web-log.service', 'ExecReload')).includes('status=0'), { what: 'the reload' });
    await say('after');
    await rig.until(() => lines(rig, `/tmp/${name}`).length > 0, { what: 'the new file' });
    assert.match(lines(rig, `/tmp/${name}`).join('|'), /after$/);
    assert.equal(lines(rig, '/tmp/moved').length, 4);
    assert.equal(await rig.property('web-log.service', 'MainPID'), pid);

    // More than two files hold, through the end of the copier in between.
    const many = Array.from({ length: 150 }, (_, index) => `line ${String(index)} ${'x'.repeat(40)}`);
    await say(...many.slice(0, 75));
    await rig.initctl('kill', '--signal=TERM', 'web-kept');
    await say(...many.slice(75));
    const kept = (): readonly string[] => (existsSync(rig.path('/tmp/kept')) ? readdirSync(rig.path('/tmp/kept')).filter((file) => file.startsWith('@')) : []);
    await rig.until(() => lines(rig, '/tmp/kept/current').some((line) => line.startsWith('line 149')), { what: 'the last line' });
    assert.ok(kept().length >= 1 && kept().length <= 3, kept().join(' '));
    for (const file of kept()) assert.match(lines(rig, `/tmp/kept/${file}`).join('\n'), /^[^a-z]+$/, 'the processor had it');
  });
});

test('a pipe joins a service to a log service of its own that is killed again and again, and no byte is lost', { skip, timeout: 120_000 }, async () => {
  const count = 400;
  const source = `[Unit]\nRequires=sink.socket\nAfter=sink.socket\n[Service]\nStandardOutput=file:/run/sink\nExecStart=/bin/sh -c 'i=0; while [ $$i -lt ${String(count)} ]; do echo line $$i; i=$$((i+1)); sleep 0.005; done; sleep 7631'\n`;
  await withRig({ units: { ...UNITS, 'source.service': source } }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'sink.socket', 'source');
    const written = (): readonly string[] => {
      const directory = rig.path('/tmp/sink');
      const files = existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith('@') || name === 'current').sort() : [];
      return files.flatMap((name) => lines(rig, `/tmp/sink/${name}`));
    };
    for (const atLeast of [20, 120, 220]) {
      await rig.until(() => written().length >= atLeast, { what: `${String(atLeast)} lines` });
      // It reads up to the end of a line and ends.
      await rig.initctl('kill', '--signal=TERM', 'sink.service');
    }
    await rig.until(() => written().some((line) => line.endsWith(`line ${String(count - 1)}`)), { what: 'the last line' });
    assert.deepEqual(written().map((line) => line.replace(/^@[0-9a-f]{24} /, '')).sort(), Array.from({ length: count }, (_, index) => `line ${String(index)}`).sort());
  });
});

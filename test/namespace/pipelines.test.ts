import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const LINES = 300;
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'sink.socket': '[Socket]\nListenFIFO=/run/sink\nSocketMode=0600\nRemoveOnStop=yes\n',
  // The line a shell has read is out before the next is read: a restart in between loses none.
  'sink.service': '[Unit]\nRequires=sink.socket\n[Service]\nStandardInput=socket\nStandardOutput=journal\nExecStart=/bin/sh -c \'trap "exit 0" TERM; while read -r line; do echo "$$line" >> /tmp/out; done\'\n',
  'source.service': `[Unit]\nRequires=sink.socket\nAfter=sink.socket\n[Service]\nType=exec\nStandardOutput=file:/run/sink\nExecStart=/bin/sh -c 'i=$$(cat /tmp/next 2>/dev/null || echo 0); while [ $$i -lt ${String(LINES)} ]; do echo line $$i; i=$$((i+1)); echo $$i > /tmp/next; sleep 0.01; done; sleep 7595'\n`,
};

function out(rig: Rig): readonly string[] {
  try {
    return readFileSync(rig.path('/tmp/out'), 'utf8').split('\n').filter((line) => line !== '');
  } catch {
    return [];
  }
}

test('one unit\'s output is another\'s input, whichever of them restarts, and a client feeds it too', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'sink.socket', 'source');
    await rig.until(() => out(rig).length > 20);
    const pid = await rig.property('source.service', 'MainPID');
    assert.equal((await rig.initctl('restart', 'sink.service')).status, 0);
    await rig.until(() => out(rig).length > 60);
    assert.equal((await rig.initctl('stop', 'sink.service')).status, 0);
    // What comes meanwhile waits in the pipe, and starts its reader.
    await rig.until(() => out(rig).length > 120);
    assert.equal(await rig.property('source.service', 'MainPID'), pid);
    await rig.initctl('daemon-reexec');
    await rig.until(() => out(rig).includes(`line ${String(LINES - 1)}`));
    assert.deepEqual(out(rig), Array.from({ length: LINES }, (_, index) => `line ${String(index)}`));
    writeFileSync(rig.path('/run/sink'), 'from a client\n');
    await rig.until(() => out(rig).includes('from a client'));
  });
});

test('feed sends the input of a client to a service that reads a FIFO, and says what is missing when it cannot', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: { ...UNITS, 'deaf.service': '[Service]\nExecStart=/bin/sleep 7596\n' } }, async (rig) => {
    await rig.booted();
    const feed = (unit: string, input: string): ReturnType<Rig['run']> => rig.run(['initctl', 'feed', unit], { input });
    assert.match((await feed('deaf', 'x\n')).stderr, /deaf\.service reads no FIFO: a socket unit with ListenFIFO=/);
    const early = await feed('sink', 'x\n');
    assert.deepEqual([early.status, early.stderr], [3, 'sink.socket is not started: nobody would read what is sent.\n']);
    await rig.initctl('start', 'sink.socket');
    // More than a pipe holds, to a service that is started by the first of it.
    const lines = Array.from({ length: 20_000 }, (_, index) => `fed ${String(index)}`);
    const fed = await feed('sink.service', `${lines.join('\n')}\n`);
    assert.deepEqual([fed.status, fed.stdout, fed.stderr], [0, '', '']);
    await rig.until(() => out(rig).length >= lines.length);
    assert.deepEqual(out(rig), lines);
    assert.equal((await rig.initctl('feed')).status, 2);
  });
});

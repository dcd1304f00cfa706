import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const LINES = 400;
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'count.service': `[Service]\nExecStart=/bin/sh -c 'i=0; while [ $$i -lt ${String(LINES)} ]; do echo line $$i; i=$$((i+1)); sleep 0.005; done; sleep 7591'\n`,
  'copy.service': `[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=${CHECKOUT_INSIDE}/bin/initctl log-copy count.service --follow --cursor-file=/tmp/cursor --to=file:/tmp/copied --layout=%%{message}\nRestart=always\nRestartSec=50ms\n`,
};

function copied(rig: Rig): readonly string[] {
  try {
    return readFileSync(rig.path('/tmp/copied'), 'utf8').split('\n').filter((line) => line.startsWith('line '));
  } catch {
    return [];
  }
}

test('a copy of a log that is ended and hung up on again and again has every line once', { skip, timeout: 60_000 }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'count', 'copy');
    for (const atLeast of [20, 120, 220]) {
      await rig.until(() => copied(rig).length >= atLeast);
      await rig.initctl('kill', '--signal=TERM', 'copy');
      await rig.initctl('kill', '--signal=HUP', 'copy');
    }
    await rig.until(() => copied(rig).includes(`line ${String(LINES - 1)}`));
    assert.deepEqual(copied(rig), Array.from({ length: LINES }, (_, index) => `line ${String(index)}`));
    const text = await rig.initctl('log-copy', 'count', '--to=-', '--layout=@%{tai64n} %{message}', '--grep=line 7$');
    assert.match(text.stdout, /^@40000000[0-9a-f]{16} line 7\n$/);
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRoot, nodeEnvironment, run } from './native-under-test.ts';


/** Runs a shell command in a terminal of its own, 80 columns wide and 24 rows high; gives what appeared on it. */
async function onTerminal(command: string): Promise<string> {
  const { output } = await run(['/usr/bin/script', '--quiet', '--return', '--command', `stty cols 80 rows 24; ${command}`, '/dev/null'], {
    cwd: join(import.meta.dirname, '../..'), env: [...nodeEnvironment, 'SHELL=/bin/sh', 'TERM=dumb'],
  });
  return output;
}

test('size, foreground group and settings of a terminal', async () => {
  const probe = join(import.meta.dirname, 'terminal-probe.ts');
  const output = await onTerminal(`exec '${process.execPath}' --import tsx '${probe}'`);
  const results: unknown = JSON.parse(/RESULTS (.*?)\r?\n/.exec(output)?.[1] ?? output);
  assert.deepEqual(results, [true, false, [80, 24], 'ENOTTY', true, 0, true, 0, 0, true, false, 0, true, 'ENOTTY']);
});


test('a service with StandardInput=tty gets a sane controlling terminal, the other streams write to it', { skip: !isRoot && 'needs root to take the terminal from its session' }, async () => {
  const probe = join(import.meta.dirname, 'terminal-service-probe.ts');
  const output = await onTerminal(`stty raw; setsid --wait '${process.execPath}' --import tsx '${probe}' "$(tty)"`);
  assert.match(output, /SERVICE tty-force \/dev\/pts\/\d+ controlling icanon/);
  assert.match(output, /ERROR stream/);
  assert.match(output, /REPORT \{"failure":null,"notes":\[\]\}/);
  assert.match(output, /HELD \{"stage":"stdin","errno":"EPERM","subject":"\/dev\/pts\/\d+"\}/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseMode } from '../../src/init/choose-mode.ts';
import { parseKernelCommandLine } from '../../src/init/kernel-command-line.ts';
import { parseOptions } from '../../src/init/options.ts';
import type { Options } from '../../src/init/options.ts';

function options(...words: string[]): Options {
  const parsed = parseOptions(words);
  if (parsed.kind !== 'run') return assert.fail(`${words.join(' ')} is ${parsed.kind}`);
  return parsed.options;
}

test('options take their value with "=" or as the next word', () => {
  assert.equal(options('--unit=a.target').unit, 'a.target');
  assert.equal(options('--unit', 'a.target').unit, 'a.target');
  assert.equal(options('--container').mode, 'container');
});

test('what follows "--" is the command, untouched', () => {
  assert.deepEqual(options('--user', '--', 'ls', '--help', '--').command, ['ls', '--help', '--']);
});

for (const [words, complaint] of [
  [['--nonsense'], /unknown option --nonsense/], [['--unit'], /needs a value/], [['ls'], /comes after "--"/], [['--'], /has to follow/], [['--show-status=maybe'], /auto, yes or no/], [['--root', '/x'], /--test/],
] as const) {
  test(`"${words.join(' ')}" is wrong usage, and why is said`, () => {
    const parsed = parseOptions(words);
    assert.match(parsed.kind === 'wrong' ? parsed.message : '', complaint);
  });
}

test('as PID 1 of a machine words of the kernel command line are no mistakes', () => {
  assert.equal(parseOptions(['splash', '--nonsense', 'single'], true).kind, 'run');
});

test('the mode follows from $container, PID and the looks of the place', () => {
  const base = { pid: 1, uid: 0, container: undefined, looksLikeContainer: false };
  assert.equal(chooseMode(base).mode, 'system');
  assert.equal(chooseMode({ ...base, looksLikeContainer: true }).mode, 'container');
  assert.equal(chooseMode({ ...base, pid: 77, container: 'podman' }).mode, 'container');
  assert.equal(chooseMode({ ...base, pid: 77, uid: 1000 }).mode, 'user');
});

test('the kernel command line names unit, log level, environment and quiet; the last word wins', () => {
  const wishes = parseKernelCommandLine('root=/dev/vda1 heartwood.unit=a.target systemd.unit=b.target quiet systemd.setenv=A=1 "systemd.setenv=B=two words" heartwood.log_level=debug');
  assert.deepEqual(wishes, { unit: 'b.target', quiet: true, logLevel: 'debug', environment: ['A=1', 'B=two words'], showStatus: null, hostname: null });
  for (const [word, unit] of [['rescue', 'rescue.target'], ['single', 'rescue.target'], ['emergency', 'emergency.target'], ['3', 'multi-user.target'], ['5', 'graphical.target']] as const) {
    assert.equal(parseKernelCommandLine(word).unit, unit);
  }
});

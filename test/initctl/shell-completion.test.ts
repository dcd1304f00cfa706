/** The completion scripts in the shells themselves: verbs, options and the manager's units. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { service, target } from '../../src/sim/definitions.ts';
import { endPoll, openControlRig } from '../control/control-rig.ts';
import { hasScript, typeAt } from './terminal-conversation.ts';

after(endPoll);

const PROGRAMS = join(import.meta.dirname, '../../bin');
const units = [target('default.target', { Wants: ['web.service'] }), service('web.service')];

function whyNot(shell: string): string | false {
  return spawnSync(shell, ['--version']).status === 0 ? false : `${shell} is missing: sudo apt-get install ${shell}`;
}

interface Place { readonly env: Record<string, string> }

/** A manager to ask, and a home without anybody's settings. */
async function withManager(body: (place: Place) => Promise<void>): Promise<void> {
  const rig = openControlRig({ units });
  const home = mkdtempSync(join(tmpdir(), 'heartwood-shell-'));
  try {
    await body({ env: { PATH: `${PROGRAMS}:${process.env['PATH'] ?? ''}`, HEARTWOOD_SOCKET: rig.socketPath, HOME: home } });
  } finally {
    rig.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function output(program: string, args: readonly string[], { env }: Place): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => { text += more; });
    child.on('close', () => { resolve(text); });
  });
}

/** Calls the completion as bash would for the words it is given. */
const BASH_COMPLETES = `
  source <(initctl completion bash)
  COMP_WORDS=("$0" "$@") COMP_CWORD=$#
  _initctl 2>/dev/null
  printf '%s\\n' "\${COMPREPLY[@]}"`;

test('bash completes verbs, options and units', async () => {
  await withManager(async (place) => {
    const complete = async (...words: readonly string[]): Promise<string[]> => (await output('bash', ['--norc', '-c', BASH_COMPLETES, ...words], place)).split('\n').filter(Boolean);
    assert.deepEqual(await complete('initctl', 'sta'), ['start', 'status']);
    assert.deepEqual(await complete('initctl', '--no-bl'), ['--no-block']);
    assert.deepEqual(await complete('initctl', 'restart', 'w'), ['web.service']);
  });
});

test('fish completes verbs, options and units', { skip: whyNot('fish') }, async () => {
  await withManager(async (place) => {
    const complete = async (line: string): Promise<string[]> => (await output('fish', ['--no-config', '-c', `initctl completion fish | source; complete -C '${line}'`], place)).split('\n').filter(Boolean);
    assert.deepEqual((await complete('initctl sta')).map((row) => row.split('\t')[0]), ['start', 'status']);
    assert.deepEqual((await complete('initctl --no-bl')).map((row) => row.split('\t')[0]), ['--no-block']);
    assert.deepEqual(await complete('initctl restart w'), ['web.service']);
    assert.deepEqual(await complete('initctl completion z'), ['zsh']);
  });
});

test('zsh completes verbs, options and units', { skip: whyNot('zsh') || (!hasScript && 'needs script(1)') }, async () => {
  await withManager(async ({ env }) => {
    const { text } = await typeAt('zsh -f -i', env, [
      [/[%#]/, "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source <(initctl completion zsh); unsetopt beep\r"],
      ['\x1b[Jready> ', 'initctl sta'],
      ['sta', '\t'],
      [/start +-- .*status +-- /s, '\x15initctl restart w'],
      ['restart w', '\t'],
      ['eb.service', '\x15initctl --no-bl'],
      ['no-bl', '\t'],
      ['ock', '\x15exit\r'],
    ]);
    assert.doesNotMatch(text, /command not found|parse error/);
  });
});

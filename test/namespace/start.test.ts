/** `npm start`: the demo system boots for root and for an ordinary user, with and without a terminal, and ends clean. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, whyNoNamespaces } from './rig.ts';

const START = join(CHECKOUT, 'tools/start.mjs');
/** uid of nobody on Debian. */
const NOBODY = 65534;
/** Set-up is done, so this is a boot, two client calls and a power-off on a loaded machine. */
const LIMIT_MS = 60_000;

const skip = whyNoNamespaces() ?? false;
const userNamespaces = spawnSync('unshare', ['--user', '--map-root-user', '--pid', '--fork', '--mount', 'true'], { uid: NOBODY, gid: NOBODY }).status === 0;
const hasScript = spawnSync('script', ['--version']).status === 0;

interface Run { readonly status: number | null; readonly output: string }

function run(program: string, args: readonly string[], options: { readonly uid?: number; readonly input?: string } = {}): Promise<Run> {
  return new Promise((resolve) => {
    const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    const child = spawn(program, args, { ...identity, cwd: CHECKOUT, stdio: ['pipe', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (output += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (output += chunk));
    child.on('close', (status) => resolve({ status, output }));
    if (options.input === undefined) child.stdin.end();
    else typeSlowly(child.stdin, options.input);
  });
}

/** A person types a line when the answer to the last one is there; here a second is enough for that. */
function typeSlowly(stdin: NodeJS.WritableStream, input: string): void {
  const lines = input.split('\n');
  const next = (): void => {
    const line = lines.shift();
    if (line === undefined) return;
    stdin.write(lines.length === 0 ? line : `${line}\n`);
    setTimeout(next, 1500);
  };
  setTimeout(next, 4000);
}

/** PID namespaces other than ours: none may be left of a demo that has ended. */
function foreignPidNamespaces(): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync('/proc')) {
    try {
      if (/^\d+$/.test(name)) found.add(readlinkSync(`/proc/${name}/ns/pid`));
    } catch {
      // The process is gone.
    }
  }
  return found;
}

/** When a unit of the demo last began a file in the machine's own log directory. */
function lastLogged(): number {
  return statSync('/var/log/heartwood/shop-web.service', { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function assertBooted({ status, output }: Run): void {
  assert.equal(status, 0, output);
  for (const unit of ['shop-web.service', 'shop-store.service', 'shop-worker@one.service', 'shop-worker@two.service', 'report.service']) {
    assert.match(output, new RegExp(`${unit}\\s+active`), `${unit} came up:\n${output}`);
  }
  assert.match(output, /Started .*Web front of the shop|Started shop-web/);
  assert.match(output, /Stopped .*Web front of the shop|Stopped shop-web/, 'it was shut down in order');
}

test('without a terminal it boots, tells how things are, and powers off with status 0', { skip }, async () => {
  const before = foreignPidNamespaces();
  const logged = lastLogged();
  assertBooted(await run(process.execPath, [START]));
  assert.equal(lastLogged(), logged, 'nothing was written into the log directory of the machine');
  const left = [...foreignPidNamespaces()].filter((namespace) => !before.has(namespace));
  assert.deepEqual(left, [], 'no process of the demo is left');
});

test('an ordinary user gets the same in a user namespace', { skip: skip || (userNamespaces ? false : 'ordinary users may not make namespaces here') }, async () => {
  assertBooted(await run(process.execPath, [START], { uid: NOBODY }));
});

test('with a terminal it shows the boot and takes verbs at a prompt until poweroff', { skip: skip || (hasScript ? false : 'script(1) is missing') }, async () => {
  const { status, output } = await run('script', ['--quiet', '--return', '--command', `${process.execPath} ${START}`, '/dev/null'], {
    input: 'is-active shop-web\nrestart shop-worker@one\npoweroff\n',
  });
  assert.equal(status, 0, output);
  // Green, because a terminal looks on.
  assert.match(output, /\[\x1b\[0;32m {2}OK {2}\x1b\[0m\] Started Web front of the shop\./);
  assert.match(output, /^active\r?$/m);
});

test('Ctrl-D at the prompt shuts down in order too', { skip: skip || (hasScript ? false : 'script(1) is missing') }, async () => {
  const { status, output } = await run('script', ['--quiet', '--return', '--command', `${process.execPath} ${START}`, '/dev/null'], {
    input: 'is-active shop-web\n\u0004',
  });
  assert.equal(status, 0, output);
  assert.match(output, /Stopped/);
});

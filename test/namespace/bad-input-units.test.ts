/**
 * Unit files that are broken in every way: each is told of by name, none keeps the machine from booting or a good unit from
 * running beside it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Rig, whyNoNamespaces } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** The largest unit file anybody writes is some hundred KB; this one must be refused or read, but not felt. */
const HUGE_BYTES = 10 << 20;

/** What a program prints that did not expect what it met. */
const STACK_TRACE = /^\s+at .*\.(ts|cjs|js):\d/m;

const GOOD = '[Service]\nExecStart=/bin/sh -c "echo good; exec sleep infinity"\n';

/** Pseudo-random bytes from a fixed seed, so that a failure can be repeated. */
function garbage(bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  let state = 0x2545f491;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state >>> 24;
  }
  return out;
}

/** File name, content, and a word that must stand in what `initctl start` or `status` says about it. */
const BROKEN: readonly (readonly [name: string, content: string | Uint8Array | { readonly link: string }, says: RegExp])[] = [
  ['empty.service', '', /empty|ExecStart/i],
  ['no-section.service', 'ExecStart=/bin/true\n', /ExecStart/],
  ['no-command.service', '[Service]\nType=simple\n', /ExecStart/],
  ['relative.service', '[Service]\nExecStart=./here\n', /absolute|ExecStart/i],
  ['quote.service', '[Service]\nExecStart=/bin/echo "never closed\n', /quot|ExecStart/i],
  ['bracket.service', '[Service\nExecStart=/bin/true\n', /bracket/],
  ['garbage.service', garbage(64 << 10), /UTF-8|NUL|longer/],
  ['utf16.service', Buffer.from('[Service]\nExecStart=/bin/true\n', 'utf16le'), /NUL|bracket/],
  ['long-line.service', `[Service]\nExecStart=/bin/echo ${'x'.repeat(4 << 20)}\n`, /longer than/],
  ['loop-a.service', { link: 'loop-b.service' }, /loop|ELOOP|not found|too many/i],
  ['loop-b.service', { link: 'loop-a.service' }, /loop|ELOOP|not found|too many/i],
  ['nowhere.service', { link: '/nowhere/at-all.service' }, /not found|ENOENT|No such file/i],
  ['device.service', { link: '/dev/zero' }, /regular file|device|not a/i],
  ['folder.service/inside', 'x', /directory|regular file|EISDIR|not a/i],
  ['two-commands.service', '[Service]\nType=simple\nExecStart=/bin/true\nExecStart=/bin/true\n', /ExecStart/],
  ['odd-type.service', '[Service]\nType=nonsense\nRestart=perhaps\nExecStart=/bin/missing-program\n', /missing-program|ENOENT|No such file/],
];

let rig: Rig;

before(async () => {
  if (skip !== false) return;
  const huge = `[Service]\nExecStart=/bin/true\n${'# a comment that goes on and on and on and on and on and on\n'.repeat(HUGE_BYTES / 60)}`;
  rig = await Rig.boot({
    args: ['--unit', 'default.target'],
    units: {
      'default.target': `[Unit]\nWants=good.service huge.service ${BROKEN.map(([name]) => name.split('/')[0] ?? '').join(' ')}\n`,
      'good.service': GOOD,
      'nul.service': '[Service]\nExecStart=/bin/true\0/bin/false\n',
      'huge.service': huge,
      'good.service.d/broken.conf': garbage(4096),
      'good.service.d/cut-off.conf': '[Service',
      ...Object.fromEntries(BROKEN.map(([name, content]) => [name, content])),
    },
  });
});

after(async () => {
  if (skip === false) await rig.destroy();
});

test('the machine boots and the good unit runs beside all broken ones', { skip }, async () => {
  await rig.booted();
  assert.equal((await rig.initctl('is-active', 'good.service')).stdout.trim(), 'active');
});

for (const [name, , says] of BROKEN) {
  const unit = name.split('/')[0] ?? '';
  test(`${unit}: starting it fails with a reason and harms nothing`, { skip }, async () => {
    const started = await rig.initctl('start', unit);
    const told = await rig.initctl('status', unit);
    const text = started.stdout + started.stderr + told.stdout + told.stderr;
    assert.notEqual(started.status, 0, `a broken unit cannot be started\n${text}`);
    assert.match(text, says);
    assert.ok(!STACK_TRACE.test(text), `no stack trace instead of an answer: ${text}`);
    assert.equal((await rig.initctl('is-active', 'good.service')).stdout.trim(), 'active');
  });
}

test('a unit file of ten megabytes delays nobody by much', { skip }, async () => {
  const started = performance.now();
  await rig.initctl('status', 'huge.service');
  assert.ok(performance.now() - started < 3000);
});

// As in systemd.syntax(7) a NUL ends a line: what stands before it counts, what follows is complained of.
test('a NUL byte ends a line and is told of', { skip }, async () => {
  assert.equal((await rig.initctl('start', 'nul.service')).status, 0);
  assert.match((await rig.initctl('status', 'nul.service')).stdout, /NUL/);
});

test('a drop-in that cannot be read is left out and told of', { skip }, async () => {
  const { stdout } = await rig.initctl('status', 'good.service');
  assert.match(stdout, /cut-off\.conf:1/);
  assert.match(stdout, /broken\.conf/);
});

test('cat, show, verify and status of every broken unit answer in words', { skip }, async () => {
  for (const verb of ['status', 'show', 'cat', 'verify']) {
    for (const [name] of BROKEN) {
      const unit = name.split('/')[0] ?? '';
      const { stderr, signal } = await rig.initctl(verb, unit);
      assert.equal(signal, null);
      assert.ok(!STACK_TRACE.test(stderr), `${verb} ${unit}: ${stderr}`);
    }
  }
});

test('daemon-reload reads them all again and changes nothing', { skip }, async () => {
  const before = await rig.property('good.service', 'MainPID');
  assert.equal((await rig.initctl('daemon-reload')).status, 0);
  assert.equal(await rig.property('good.service', 'MainPID'), before);
});

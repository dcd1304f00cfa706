import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { LogCopier, type LogCopierOptions } from '../../src/initctl/client/log-copier.ts';
import { parseLayout, tai64n } from '../../src/initctl/log-copy/line-layout.ts';
import { readCopiedLine, type CopiedLine } from '../../src/initctl/log-copy/log-line.ts';
import { gelfDatagrams, parseTarget, syslogMessage } from '../../src/initctl/log-copy/target.ts';
import { runArguments } from './verb-rig.ts';

/** 2026-03-05 07:08:09.012345 UTC, a Thursday. */
const INSTANT_USEC = Date.UTC(2026, 2, 5, 7, 8, 9, 12) * 1000 + 345;

function json(message: string, offset: number, overrides: Readonly<Record<string, string>> = {}): string {
  return `${JSON.stringify({
    __CURSOR: `u=web.service;s=3;o=${String(offset)}`, __REALTIME_TIMESTAMP: String(INSTANT_USEC + offset), _HOSTNAME: 'box', PRIORITY: '4',
    SYSLOG_IDENTIFIER: 'web', _PID: '77', _SYSTEMD_UNIT: 'web.service', MESSAGE: message, ...overrides,
  })}\n`;
}

function line(message = 'hello'): CopiedLine {
  const read = readCopiedLine(json(message, 0));
  assert.ok(read !== null);
  return read;
}

function laidOut(layout: string): string {
  const parsed = parseLayout(layout);
  assert.ok(typeof parsed === 'function', String(parsed));
  return parsed(line(), true);
}

test('the letters of a layout are those of strftime', () => {
  assert.equal(laidOut('%Y-%m-%d %H:%M:%S.%f %z %Z'), '2026-03-05 07:08:09.012345 +0000 UTC');
  assert.equal(laidOut('%a %b %e %I%p %j %u %y %C %R %D'), 'Thu Mar  5 07AM 064 4 26 20 07:08 03/05/26');
  assert.equal(laidOut('%s 100%% %{unit} %{identifier}[%{pid}] <%{priority}> %{host}: %{message}'), `${String(Math.floor(INSTANT_USEC / 1e6))} 100% web.service web[77] <4> box: hello`);
  assert.equal(parseLayout('%Q'), '%Q is no letter of a layout');
  assert.match(String(parseLayout('%{colour}')), /^%\{colour\} is none of %\{message\}, /);
  assert.equal(parseLayout('50%'), '% is no letter of a layout');
});

test('a layout of Go shows the time in the way of its reference time', () => {
  assert.equal(laidOut('go:2006-01-02T15:04:05.000Z07:00'), '2026-03-05T07:08:09.012Z hello');
  assert.equal(laidOut('go:Mon Jan _2 3:4:5PM 2006 -0700 MST'), 'Thu Mar  5 7:8:9AM 2026 +0000 UTC hello');
  assert.equal(laidOut('go:Monday, 02-Jan-06 15:04:05.999999999'), 'Thursday, 05-Mar-26 07:08:09.012345 hello');
});

test('a TAI64N stamp is the one that tai64n prints', () => {
  // From the page about TAI64 itself: 1999-12-31 23:59:59 UTC without leap seconds counted beyond ten.
  assert.equal(tai64n(0), '400000000000000a00000000');
  assert.equal(laidOut('@%{tai64n} %{message}'), `@${(0x400000000000000an + BigInt(Math.floor(INSTANT_USEC / 1e6))).toString(16)}00bc5ea8 hello`);
});

test('a target says what is wrong with it', () => {
  assert.deepEqual(parseTarget('gelf:log.example:12201'), { kind: 'gelf', host: 'log.example', port: 12201 });
  assert.deepEqual(parseTarget('udp:[::1]:514'), { kind: 'udp', host: '::1', port: 514 });
  assert.deepEqual(parseTarget('command:grep -v x > /tmp/y'), { kind: 'command', command: 'grep -v x > /tmp/y' });
  for (const [text, problem] of [
    ['file:relative', 'a path from the root'], ['file:/a-%Q', '%Q is no letter'], ['syslog:host', 'HOST:PORT'], ['udp:host:70000', 'HOST:PORT'],
    ['kafka:x', 'none of file:'], ['command: ', 'which command'], ['', 'none of'],
  ] as const) {
    const parsed = parseTarget(text);
    assert.ok(typeof parsed === 'string' && parsed.includes(problem), text);
  }
});

test('messages for syslog and GELF have the shape of their standards', () => {
  assert.equal(syslogMessage(line()), '<28>1 2026-03-05T07:08:09.012345Z box web 77 - - hello');
  const [whole] = gelfDatagrams(line(), Buffer.alloc(8));
  assert.deepEqual(JSON.parse(String(whole)), { version: '1.1', host: 'box', short_message: 'hello', timestamp: INSTANT_USEC / 1e6, level: 4, _unit: 'web.service', _identifier: 'web', _pid: 77 });
  const long = 'x'.repeat(20_000);
  const chunks = gelfDatagrams(line(long), Buffer.from('01234567'));
  assert.equal(chunks.length, 3);
  chunks.forEach((chunk, index) => { assert.deepEqual([...chunk.subarray(0, 2), String(chunk.subarray(2, 10)), chunk[10], chunk[11]], [0x1e, 0x0f, '01234567', index, 3]); });
  assert.equal((JSON.parse(String(Buffer.concat(chunks.map((chunk) => chunk.subarray(12))))) as { readonly short_message: string }).short_message, long);
  assert.deepEqual(gelfDatagrams(line('x'.repeat(2_000_000)), Buffer.alloc(8)), []);
});

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'log-copy-'));
  t.after(() => { rmSync(path, { recursive: true }); });
  return path;
}

function copier(targets: readonly string[], overrides: Partial<LogCopierOptions> = {}): LogCopier {
  const layout = parseLayout('%{message}');
  assert.ok(typeof layout === 'function');
  const parsed = targets.map((text) => parseTarget(text)).filter((each) => typeof each !== 'string');
  assert.equal(parsed.length, targets.length);
  return new LogCopier({ targets: parsed, layout, utc: true, include: [], exclude: [], cursorFile: null, stdout: new PassThrough(), ...overrides });
}

test('lines go to dated files, which may be moved away at any time', async (t) => {
  const path = directory(t);
  const copy = copier([`file:${path}/app-%H.log`, `status:${path}/last`]);
  await copy.write(Buffer.from(json('one', 1)));
  await copy.write(Buffer.from(json('two', 2)));
  renameSync(`${path}/app-07.log`, `${path}/old`);
  await copy.write(Buffer.from(json('three', 3)));
  copy.reopen();
  await copy.write(Buffer.from(json('four', 4) + json('next hour', 5, { __REALTIME_TIMESTAMP: String(INSTANT_USEC + 3_600_000_000) })));
  await copy.end();
  // A rotation nobody told of is seen after a line.
  assert.equal(readFileSync(`${path}/old`, 'utf8'), 'one\ntwo\nthree\n');
  assert.equal(readFileSync(`${path}/app-07.log`, 'utf8'), 'four\n');
  assert.equal(readFileSync(`${path}/app-08.log`, 'utf8'), 'next hour\n');
  assert.equal(readFileSync(`${path}/last`, 'utf8'), 'next hour\n');
});

test('who begins again with a cursor file leaves out what was copied, and nothing else', async (t) => {
  const path = directory(t);
  const cursorFile = `${path}/cursor`;
  const all = [json('a', 1), json('b', 2), json('other unit', 1, { __CURSOR: 'u=db.service;s=9;o=1' }), json('c', 3), json('after rotation', 1, { __CURSOR: 'u=web.service;s=4;o=1' })];
  const first = copier([`file:${path}/out`], { cursorFile });
  assert.equal(first.sinceUsec, null);
  await first.write(Buffer.from(all.slice(0, 2).join('')));
  await first.end();
  const second = copier([`file:${path}/out`], { cursorFile });
  assert.ok(second.sinceUsec !== null && second.sinceUsec < INSTANT_USEC);
  const bytes = Buffer.from(all.join(''));
  // In pieces that end in the middle of lines.
  for (let at = 0; at < bytes.length; at += 100) await second.write(bytes.subarray(at, at + 100));
  await second.end();
  assert.equal(readFileSync(`${path}/out`, 'utf8'), 'a\nb\nother unit\nc\nafter rotation\n');
});

test('lines are selected by patterns, and go to programs', async (t) => {
  const path = directory(t);
  const copy = copier([`command:cat > ${path}/got`], { include: [/error/, /warn/], exclude: [/harmless/, /known/] });
  await copy.write(Buffer.from(json('error 1', 1) + json('info', 2) + json('harmless warn', 3) + json('known error', 3) + json('warn 2', 4)));
  await copy.end();
  assert.equal(readFileSync(`${path}/got`, 'utf8'), 'error 1\nwarn 2\n');
});

test('a program that ends is a failure, and its lines do not count as copied', async (t) => {
  const path = directory(t);
  const cursorFile = `${path}/cursor`;
  const copy = copier(['command:exit 3'], { cursorFile });
  await assert.rejects(async () => {
    for (let offset = 1; offset < 1000; offset++) {
      await copy.write(Buffer.from(json('x', offset)));
      await new Promise((resolve) => { setTimeout(resolve, 5); });
    }
  }, /"exit 3" /);
  await assert.rejects(() => copy.end(), /"exit 3" /);
  assert.ok(!existsSync(cursorFile) || !readFileSync(cursorFile, 'utf8').includes('"offset":999'));
});

test('lines go out as datagrams', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const got = once(socket, 'message');
  const copy = copier([`syslog:127.0.0.1:${String(port)}`]);
  await copy.write(Buffer.from(json('over there', 0)));
  const [message] = await got as [Buffer];
  assert.equal(String(message), '<28>1 2026-03-05T07:08:09.012345Z box web 77 - - over there');
  await copy.end();
  socket.close();
});

test('log-copy says in one line what is wrong with its options', () => {
  for (const [argv, problem] of [
    [[], 'where to?'], [['--to=x'], '--to=x: it begins with none of'], [['--to=-', '--layout=%Q'], '--layout: %Q'], [['--to=-', '--exclude=('], 'Invalid regular expression'],
  ] as const) {
    const { exit, err } = runArguments(['log-copy', ...argv]);
    assert.equal(exit, 2);
    assert.ok(err.startsWith('initctl log-copy: ') && err.includes(problem), err);
  }
});

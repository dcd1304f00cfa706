import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEntry } from '../../src/logd/entry.ts';
import { fieldsOf, OUTPUT_FORMATS, printable, renderEntry, type RenderOptions } from '../../src/logd/render.ts';
import type { LogLine } from '../../src/logd/segment-reader.ts';
import { readFields } from '../../src/logd/read-fields.ts';
import { BOOT_ID, definitionOf } from './segment-builder.ts';

/** Sat 2026-11-21 09:00:00.123456 UTC. */
const TIME_USEC = Date.UTC(2026, 10, 21, 9, 0, 0) * 1000 + 123_456;

function lineOf(text: string | Buffer, more: Partial<LogLine> = {}): LogLine {
  return {
    origin: definitionOf(1, { unit: 'nginx.service', identifier: 'nginx', pid: 42 }), realtimeUsec: TIME_USEC, monotonicUsec: 5_000_123, priority: 6, facility: null,
    text: Buffer.from(text as string), continues: false, ending: 'newline', loss: null, sequence: 3, offset: 99, ...more,
  };
}

const plain: RenderOptions = { format: 'short', hostname: 'host', utc: true, colour: false, escape: true };
const show = (text: string | Buffer, options: Partial<RenderOptions> = {}, more: Partial<LogLine> = {}): string =>
  Buffer.from(renderEntry(readEntry(lineOf(text, more)), { ...plain, ...options }) as string).toString();

test('each short format has journalctl\'s time stamp', () => {
  const expected: Partial<Record<(typeof OUTPUT_FORMATS)[number], string>> = {
    'short': 'Nov 21 09:00:00 host nginx[42]: up\n',
    'short-precise': 'Nov 21 09:00:00.123456 host nginx[42]: up\n',
    'short-iso': '2026-11-21T09:00:00+0000 host nginx[42]: up\n',
    'short-iso-precise': '2026-11-21T09:00:00.123456+0000 host nginx[42]: up\n',
    'short-full': 'Sat 2026-11-21 09:00:00 UTC host nginx[42]: up\n',
    'short-monotonic': '[    5.000123] host nginx[42]: up\n',
    'short-unix': '1795251600.123456 host nginx[42]: up\n',
    'with-unit': 'Sat 2026-11-21 09:00:00 UTC host nginx.service[42]: up\n',
    'cat': 'up\n',
  };
  for (const [format, text] of Object.entries(expected)) assert.equal(show('up', { format: format as never }), text, format);
});

test('without host name and without pid nothing is left in their place', () => {
  const origin = definitionOf(1, { identifier: 'sh', pid: null });
  assert.equal(show('x', { hostname: null }, { origin }), 'Nov 21 09:00:00 sh: x\n');
});

test('no byte of a service can move the cursor of a terminal', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.constantFrom(...OUTPUT_FORMATS), (bytes, colour, format) => {
    const shown = show(Buffer.from(bytes), { colour, format });
    const withoutColours = shown.replace(/\x1b\[[0-9;:]*m/g, '');
    assert.ok(!/[\x00-\x08\x0b-\x1d\x7f-\x9f]/.test(withoutColours), JSON.stringify(withoutColours));
  }));
});

test('control bytes, stray bytes and colours are escaped or left out; text in any script is not touched', () => {
  assert.equal(printable(Buffer.from('tab\tok \x1b[31mred\x1b[0m \x1b]0;title\x07 \r')), 'tab\tok red \\x1b]0;title\\x07 \\x0d');
  assert.equal(printable(Buffer.from([0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82])), 'a\\xffé\\xe2\\x82');
  assert.equal(printable(Buffer.from('日本語 émoji 🙂')), '日本語 émoji 🙂');
  assert.equal(printable(Buffer.from('\u202egpj.exe')), '\\u202egpj.exe');
});

test('cat gives the bytes back as they were when nothing is to be escaped', () => {
  const bytes = Buffer.from([0, 255, 27, 91]);
  const rendered = renderEntry(readEntry(lineOf(bytes)), { ...plain, format: 'cat', escape: false });
  assert.deepEqual(Buffer.from(rendered as Uint8Array), Buffer.concat([bytes, Buffer.from('\n')]));
});

test('colours follow the priority, and a service keeps its own but cannot leave them on', () => {
  assert.ok(show('bad', { colour: true }, { priority: 3 }).includes('\x1b[1;31mbad\x1b[0m'));
  assert.ok(show('a \x1b[32mgreen', { colour: true }).includes('a \x1b[32mgreen\x1b[0m'));
});

test('json has the names journald uses, and bytes that are no text as numbers', () => {
  const parsed = JSON.parse(show('hello', { format: 'json' })) as Record<string, unknown>;
  assert.deepEqual(parsed, {
    __CURSOR: 'u=nginx.service;s=3;o=99', __REALTIME_TIMESTAMP: String(TIME_USEC), __MONOTONIC_TIMESTAMP: '5000123', _BOOT_ID: BOOT_ID,
    _HOSTNAME: 'host', PRIORITY: '6', SYSLOG_IDENTIFIER: 'nginx', _PID: '42', _SYSTEMD_UNIT: 'nginx.service', _TRANSPORT: 'stdout',
    _STREAM: 'stdout', MESSAGE: 'hello',
  });
  assert.deepEqual((JSON.parse(show(Buffer.from([0xff, 1]), { format: 'json' })) as { MESSAGE: unknown }).MESSAGE, [255, 1]);
});

test('json says how a line ended when not by a newline, and what a loss record counts', () => {
  const cut = fieldsOf(readEntry(lineOf('x', { ending: 'cut', continues: true })), { hostname: null });
  assert.deepEqual([cut['_LINE_BREAK'], cut['_CONTINUES']], ['line-max', '1']);
  const lost = fieldsOf(readEntry(lineOf('x', { loss: { lines: 2, bytes: 30, reason: 'ENOSPC' } })), { hostname: null });
  assert.deepEqual([lost['LOST_LINES'], lost['LOST_BYTES']], ['2', '30']);
});

test("the manager's JSON lines are understood; what is none is shown as it is", () => {
  const origin = definitionOf(1, { unit: 'heartwood', identifier: 'heartwood', pid: 1, format: 'pino' });
  const entry = readEntry(lineOf('{"level":"warning","pid":1,"unit":"a.service","msg":"slow","job":7}', { origin }));
  assert.deepEqual([entry.unit, entry.priority, entry.text.toString(), entry.fields], ['a.service', 4, 'a.service: slow', { job: 7 }]);
  for (const text of ['not json', '{broken', '']) assert.equal(readEntry(lineOf(text, { origin })).text.toString(), text);
  assert.equal(readEntry(lineOf('{"level":50,"msg":"number"}', { origin })).priority, 3);
});

test('an entry that was read back from its JSON looks the same in every format', () => {
  const lines = [
    lineOf('plain'), lineOf(Buffer.from([0xff, 0x41])), lineOf('cut', { ending: 'cut', continues: true }), lineOf('end', { ending: 'end', priority: 3 }),
    lineOf('', { loss: { lines: 2, bytes: 20, reason: 'ENOSPC' } }),
    lineOf('{"level":"warn","msg":"careful","unit":"a.service","more":1}', { origin: definitionOf(1, { unit: 'heartwood', identifier: 'heartwood', pid: 1, format: 'pino' }) }),
  ];
  for (const line of lines) {
    const entry = readEntry(line);
    const { entry: back, hostname } = readFields(JSON.parse(JSON.stringify(fieldsOf(entry, plain))) as Record<string, unknown>);
    for (const format of OUTPUT_FORMATS) {
      assert.deepEqual(renderEntry(back, { ...plain, format, colour: true, hostname }), renderEntry(entry, { ...plain, format, colour: true }), format);
    }
  }
});

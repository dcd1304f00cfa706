import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { formatSegmentName } from '../../src/logd/catalog.ts';
import type { Definition } from '../../src/logd/frame.ts';
import { encodeSegmentHeader } from '../../src/logd/frame.ts';
import { DEFAULT_QUERY, globToRegExp, runLogQuery, type LogQuery } from '../../src/logd/query.ts';
import { parseQuery } from '../../src/logd/query-server.ts';
import { dataFrame, definitionOf, record } from './segment-builder.ts';
import { readLog, sleep } from './logd-rig.ts';

const base = mkdtempSync(join(tmpdir(), 'heartwood-query-'));
after(() => { rmSync(base, { recursive: true }); });
let roots = 0;

/** A log directory: for each unit its segments, for each segment its [time, text] frames. */
function makeLog(units: Readonly<Record<string, readonly (readonly (readonly [number, string])[])[]>>, more: Partial<Definition> = {}): string {
  const root = join(base, String(roots++));
  for (const [unit, segments] of Object.entries(units)) {
    for (const [index, frames] of segments.entries()) writeFileSync(segmentPath(root, unit, index + 1, frames[0]?.[0] ?? 0), segmentOf(unit, frames, more));
  }
  return root;
}

function segmentPath(root: string, unit: string, sequence: number, createdUsec: number): string {
  const path = join(root, unit, formatSegmentName({ sequence, createdUsec }));
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

function segmentOf(unit: string, frames: readonly (readonly [number, string])[], more: Partial<Definition> = {}): Buffer {
  const definition = definitionOf(1, { unit, identifier: unit.replace('.service', ''), levelPrefix: true, ...more });
  return Buffer.concat([
    encodeSegmentHeader(frames[0]?.[0] ?? 0), record('definition', 1, 0, definition),
    ...frames.map(([time, text]) => dataFrame(1, Buffer.from(text), time)),
  ]);
}

const lines = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
const ask = async (root: string, query: Partial<LogQuery> = {}): Promise<string[]> => lines(await readLog([root], query));

test('lines of all units come in the order of time', async () => {
  const root = makeLog({ 'a.service': [[[10, 'a1\n'], [30, 'a2\n']]], 'b.service': [[[20, 'b1\n']], [[40, 'b2\n']]] });
  assert.deepEqual(await ask(root), ['a1', 'b1', 'a2', 'b2']);
  assert.deepEqual(await ask(root, { reverse: true }), ['b2', 'a2', 'b1', 'a1']);
});

test('the last lines are the same as the end of all lines, whatever is asked', async () => {
  const frames = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.constantFrom('x\n', 'y\nz\n', '', 'part', '<3>bad\n')), { maxLength: 8 });
  const unit = fc.array(frames, { maxLength: 4 });
  await fc.assert(fc.asyncProperty(unit, unit, fc.integer({ min: 0, max: 12 }), async (one, two, count) => {
    const ordered = (segments: [number, string][][]): [number, string][][] => {
      const times = segments.flat().map(([time]) => time).sort((a, b) => a - b);
      return segments.map((segment) => segment.map(([, text]): [number, string] => [times.shift() ?? 0, text]));
    };
    const root = makeLog({ 'a.service': ordered(one), 'b.service': ordered(two) });
    for (const query of [{}, { priorities: [0, 3] as const }, { units: ['a'] }, { sinceUsec: 500 }]) {
      const all = await ask(root, query);
      assert.deepEqual(await ask(root, { ...query, lines: count }), all.slice(Math.max(0, all.length - count)), JSON.stringify(query));
    }
    rmSync(root, { recursive: true, force: true });
  }), { numRuns: 40 });
});

test('of lines of the same time the same ones are the last, whichever unit was written to last', async () => {
  const root = makeLog({ 'a.service': [[[956, 'x\n']]], 'b.service': [[[1, 'y\n'], [956, 'z\n']]] });
  assert.deepEqual(await ask(root), ['y', 'x', 'z']);
  assert.deepEqual(await ask(root, { lines: 1 }), ['z']);
});

test('units are chosen by name, by name without type, and by glob', async () => {
  const root = makeLog({ 'web@1.service': [[[1, 'one\n']]], 'web@2.service': [[[2, 'two\n']]], 'db.service': [[[3, 'db\n']]], 'x.socket': [[[4, 'sock\n']]] });
  assert.deepEqual(await ask(root, { units: ['db'] }), ['db']);
  assert.deepEqual(await ask(root, { units: ['web@*'] }), ['one', 'two']);
  assert.deepEqual(await ask(root, { units: ['web@[!1].service', 'x.socket'] }), ['two', 'sock']);
  assert.deepEqual(await ask(root, { units: ['nothing'] }), []);
});

test('time, priority, identifier, boot, invocation and text narrow the answer', async () => {
  const root = makeLog({ 'a.service': [[[10, 'ten\n'], [20, '<3>twenty\n'], [30, '<7>thirty\n']]] }, { invocationId: 'd'.repeat(32) as never });
  assert.deepEqual(await ask(root, { sinceUsec: 20 }), ['twenty', 'thirty']);
  assert.deepEqual(await ask(root, { untilUsec: 20 }), ['ten', 'twenty']);
  assert.deepEqual(await ask(root, { priorities: [0, 3] }), ['twenty']);
  assert.deepEqual(await ask(root, { grep: /^t.*ty$/ }), ['twenty', 'thirty']);
  assert.deepEqual(await ask(root, { identifier: 'b' }), []);
  assert.deepEqual(await ask(root, { bootId: 'e'.repeat(32) }), []);
  assert.deepEqual(await ask(root, { invocationId: 'd'.repeat(32) }), ['ten', 'twenty', 'thirty']);
});

test('LogLevelMax= hides what is less important', async () => {
  const root = makeLog({ 'a.service': [[[10, '<6>info\n<4>warning\n']]] }, { levelMax: 4 });
  assert.deepEqual(await ask(root), ['warning']);
});

test("the manager's lines about a unit are among the unit's lines", async () => {
  const root = makeLog({ 'a.service': [[[20, 'from a\n']]] });
  const manager = [
    [10, '{"level":"info","time":1,"pid":1,"unit":"a.service","msg":"Started"}\n'], [15, '{"level":"err","unit":"b.service","msg":"b failed"}\n'],
    [30, '{"level":"info","msg":"up"}\n'],
  ] as const;
  writeFileSync(segmentPath(root, 'heartwood', 1, 10), segmentOf('heartwood', manager, { format: 'pino' }));
  assert.deepEqual(await ask(root, { units: ['a'] }), ['a.service: Started', 'from a']);
  assert.deepEqual(await ask(root, { units: ['heartwood'] }), ['a.service: Started', 'b.service: b failed', 'up']);
  assert.deepEqual(await ask(root, { priorities: [0, 3] }), ['b.service: b failed']);
});

test('following shows what is appended, over a rotation, and each line once', async () => {
  const root = makeLog({ 'a.service': [[[10, 'one\ntw']]] });
  const path = segmentPath(root, 'a.service', 1, 10);
  const abort = new AbortController();
  let seen = '';
  const until = async (text: string): Promise<void> => {
    for (let waited = 0; !seen.includes(text); waited++) {
      assert.ok(waited < 2000, `${text} appears behind ${seen}`);
      await sleep(5);
    }
  };
  const following = runLogQuery({ ...DEFAULT_QUERY, format: 'cat', escape: false, follow: true, units: ['a', 'new'] }, [root], {
    signal: abort.signal,
    write(bytes) {
      seen += Buffer.from(bytes).toString();
      return undefined;
    },
  });
  await until('one\n');
  appendFileSync(path, dataFrame(1, Buffer.from('o\nthree\n'), 20));
  await until('three\n');
  writeFileSync(segmentPath(root, 'a.service', 2, 30), segmentOf('a.service', [[30, 'four\n']]));
  await until('four\n');
  writeFileSync(segmentPath(root, 'new.service', 1, 40), segmentOf('new.service', [[40, 'five\n']]));
  await until('five\n');
  abort.abort();
  await following;
  assert.equal(seen, 'one\ntwo\nthree\nfour\nfive\n');
});

for (const missing of ['made later', 'made/much/later']) {
  test(`a log directory that does not exist yet (${missing}) is followed from its first line on`, async () => {
    const parent = join(base, String(roots++));
    mkdirSync(parent);
    const root = join(parent, missing);
    const abort = new AbortController();
    let seen = '';
    const following = runLogQuery({ ...DEFAULT_QUERY, format: 'cat', follow: true }, [root], {
      signal: abort.signal,
      write(bytes) {
        seen += Buffer.from(bytes).toString();
        if (seen.includes('second')) abort.abort();
        return undefined;
      },
    });
    await sleep(50);
    const path = segmentPath(root, 'a.service', 1, 10);
    writeFileSync(path, segmentOf('a.service', [[10, 'first\n']]));
    await sleep(50);
    appendFileSync(path, dataFrame(1, Buffer.from('second\n'), 20));
    await following;
    assert.equal(seen, 'first\nsecond\n');
  });
}

test('nothing of the past is shown when following from the last 0 lines', async () => {
  const root = makeLog({ 'a.service': [[[10, 'old\n']], [[20, 'older than now\n']]] });
  const abort = new AbortController();
  let seen = '';
  const following = runLogQuery({ ...DEFAULT_QUERY, format: 'cat', follow: true, lines: 0 }, [root], {
    signal: abort.signal,
    write(bytes) {
      seen += Buffer.from(bytes).toString();
      abort.abort();
      return undefined;
    },
  });
  await sleep(50);
  appendFileSync(segmentPath(root, 'a.service', 2, 20), dataFrame(1, Buffer.from('now\n'), 30));
  await following;
  assert.equal(seen, 'now\n');
});

test('a unit written to long ago is not opened for the last lines, but is followed when it speaks again', async () => {
  const second = 1_000_000;
  const root = makeLog({ 'old.service': [[[1 * second, 'long ago\n']]], 'new.service': [[[100 * second, 'first\n'], [101 * second, 'second\n']]] });
  const old = segmentPath(root, 'old.service', 1, second);
  utimesSync(old, 1, 1);
  utimesSync(segmentPath(root, 'new.service', 1, 100 * second), 101, 101);
  const abort = new AbortController();
  let seen = '';
  const following = runLogQuery({ ...DEFAULT_QUERY, format: 'cat', follow: true, lines: 2 }, [root], {
    signal: abort.signal,
    write(bytes) {
      seen += Buffer.from(bytes).toString();
      if (seen.includes('again')) abort.abort();
      return undefined;
    },
  });
  await sleep(50);
  appendFileSync(old, dataFrame(1, Buffer.from('again\n'), 200 * second));
  await following;
  assert.equal(seen, 'first\nsecond\nagain\n');
});

test('a segment that is removed while a query runs is passed over', async () => {
  const root = makeLog({ 'a.service': [[[10, 'one\n']], [[20, 'two\n']]] });
  unlinkSync(segmentPath(root, 'a.service', 1, 10));
  assert.deepEqual(await ask(root), ['two']);
  assert.deepEqual(await readLog([join(root, 'missing')]), '');
});

test('globs mean what fnmatch(3) says, and no character of a name is special by accident', () => {
  assert.ok(globToRegExp('a+b(c).service').test('a+b(c).service'));
  assert.ok(!globToRegExp('a.service').test('aXservice'));
  assert.ok(globToRegExp('[a-c]?.*').test('bz.socket'));
  assert.ok(!globToRegExp('[!a-c]*').test('b'));
});

test('a request over the socket is checked member by member', () => {
  const boot = 'f'.repeat(32);
  const good = parseQuery('{"units":["a"],"lines":5,"output":"json","boot":true,"priorities":[0,3]}', boot);
  assert.ok(typeof good !== 'string');
  assert.deepEqual([good.units, good.lines, good.format, good.bootId, good.priorities], [['a'], 5, 'json', boot, [0, 3]]);
  const all = parseQuery('{"lines":null}', boot);
  assert.ok(typeof all !== 'string' && all.lines === null, 'all lines can be handed on as they are read');
  for (const bad of ['', 'x', '[]', '{"lines":null,"reverse":true}', 'null', '{"units":"a"}', '{"units":[1]}', '{"lines":-1}', '{"lines":1e9}', '{"output":"xml"}', '{"priorities":[0,9]}', '{"priorities":[1]}']) {
    assert.equal(typeof parseQuery(bad, boot), 'string', bad);
  }
});

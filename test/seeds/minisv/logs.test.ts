/** Logs of tasks: names, dates, turning, Graylog. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { gelfMessage } from '../../../src/front/minisv/graylog.ts';
import { withMinisv } from './supervised.ts';

const limit = { timeout: 120_000 };
const COUNTS = { command: '/bin/sh', args: ['-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'] };

test('MS-02, MS-26, MS-27: output and errors go line by line to one file, with minisv’s own lines marked', limit, async () => {
  const tasks = { a: { command: '/bin/sh', args: ['-c', 'printf "no "; echo out; echo err >&2; exec sleep 1000'] } };
  await withMinisv({ tasks, more: { logfileprefix: 'box-' } }, async (minisv) => {
    await minisv.stage.until('cat box-a.log', /^no out\nerr$/m);
    assert.match(minisv.stage.read('box-a.log'), /^minisv: started, pid \d+$/m);
    assert.equal(minisv.stage.sh('stat -c %a box-a.log'), '600\n');
    minisv.get('/a/stop');
    assert.match(minisv.stage.read('box-a.log'), /minisv: stop\nminisv: pid \d+ ended, signal 15\n$/);
  });
});

test('MS-02: a log that cannot be opened goes to standard output, with a warning', limit, async () => {
  await withMinisv({ tasks: { a: { command: '/bin/sh', args: ['-c', 'echo seen; exec sleep 1000'] } }, more: { logdir: '/no/such/directory' } }, async (minisv) => {
    await minisv.stage.until('cat out', /minisv: log of a: ENOENT[^\n]*its lines go to standard output[^]*^seen$/m);
  });
});

test('MS-03, MS-24: names and lines are dated in Go’s way; HUP and rotate begin a new file', limit, async () => {
  await withMinisv({ tasks: { a: COUNTS, b: { command: '/bin/true', oneTime: true } }, more: { logsuffixdate: '20060102.150405', logdate: '2006/01/02 15:04:05' } }, async (minisv) => {
    await minisv.stage.until('cat a.log.*', /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d: 5$/m);
    await new Promise((resolve) => { setTimeout(resolve, 1_100); });
    minisv.child.kill('SIGHUP');
    await minisv.stage.until('ls a.log.* | wc -l', /^2/);
    await new Promise((resolve) => { setTimeout(resolve, 1_100); });
    assert.equal(minisv.get('/a/rotate'), '200 ok');
    await minisv.stage.until('ls a.log.* | wc -l', /^3/);
    assert.equal(minisv.stage.sh('ls b.log.* | wc -l'), '1\n', 'one-time tasks are left alone');
    minisv.get('/a/stop');
    const numbers = minisv.stage.sh('cat a.log.*').split('\n').map((line) => /: (\d+)$/.exec(line)?.[1]).filter((number) => number !== undefined).map(Number);
    assert.deepEqual(numbers, Array.from({ length: numbers.length }, (_, i) => i + 1), 'no line is missing');
    assert.match(minisv.stage.sh('ls'), /^a\.log\.\d{8}\.\d{6}$/m);
  });
});

test('MS-04: logreopen, which may be called logreload, turns logs by the clock', limit, async () => {
  for (const key of ['logreopen', 'logreload']) {
    await withMinisv({ tasks: { a: COUNTS }, more: { [key]: '2s', logsuffixdate: '150405' } }, async (minisv) => {
      await minisv.stage.until('ls a.log.* | wc -l', /^[3-9]/);
      const seconds = minisv.stage.sh('ls a.log.*').trim().split('\n').slice(1).map((name) => Number(name.slice(-2)));
      assert.ok(seconds.every((second) => second % 2 === 0), `at even seconds: ${String(seconds)}`);
    });
  }
});

test('MS-08: lines go to Graylog, long ones packed and in chunks, too long ones not at all', limit, async () => {
  const ear = createSocket('udp4').bind(0, '127.0.0.1');
  await once(ear, 'listening');
  const remote = `127.0.0.1:${String(ear.address().port)}`;
  const heard = once(ear, 'message') as Promise<[Buffer]>;
  await withMinisv({ tasks: { a: { command: '/bin/sh', args: ['-c', 'exec sleep 1000'] } }, more: { graylog: { remote, level: 5, addfields: { box: 'one' } } } }, async () => {
    const [bytes] = await heard;
    const message = JSON.parse(bytes.toString()) as Readonly<Record<string, unknown>>;
    assert.deepEqual({ ...message, host: 'h', timestamp: typeof message['timestamp'], short_message: 'm' }, { version: '1.1', host: 'h', short_message: 'm', timestamp: 'number', level: 5, _service: 'a', _box: 'one' });
  });
  ear.close();
  const graylog = { level: 6, addFields: {} };
  const [packed] = gelfMessage(graylog, 'a', 'x'.repeat(5_000), 0);
  assert.equal((JSON.parse(gunzipSync(packed!).toString()) as { readonly short_message: string }).short_message.length, 5_000);
  const noise = Array.from({ length: 8_000 }, (_, i) => ((i * 2_654_435_761) >>> 7).toString(36)).join('').slice(0, 40_000);
  const chunks = gelfMessage(graylog, 'a', noise, 0);
  assert.ok(chunks.length > 1 && chunks.every((chunk) => chunk.length <= 1_400 && chunk[0] === 0x1e && chunk[1] === 0x0f));
  const whole = gunzipSync(Buffer.concat(chunks.map((chunk) => chunk.subarray(12))));
  assert.equal((JSON.parse(whole.toString()) as { readonly short_message: string }).short_message, noise);
  assert.deepEqual(gelfMessage(graylog, 'a', 'x'.repeat(70_000), 0), []);
});

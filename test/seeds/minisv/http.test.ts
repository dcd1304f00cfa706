/** Every path of minisv's HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { hashSync } from 'bcryptjs';
import { withMinisv } from './supervised.ts';

const limit = { timeout: 120_000 };
const sleep = (seconds: number, more = {}): unknown => ({ command: '/bin/sleep', args: [String(seconds)], wait: 5, ...more });

test('MS-10, MS-21, MS-22: the list is JSON for programs and a page for people, at its three paths', limit, async () => {
  await withMinisv({ tasks: { nap: sleep(1111), pull: { command: '/bin/echo', args: ['a b'], oneTime: true } }, more: { logbufferlines: 7 } }, async (minisv) => {
    await minisv.until('nap', /running/);
    for (const path of ['/', '/status', '/api/', '/api', '/api/status']) {
      const list = minisv.json(path) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      assert.deepEqual(Object.keys(list), ['nap', 'pull'], path);
      assert.deepEqual({ ...list['nap'], started: '' }, { command: '/bin/sleep', args: ['1111'], onetime: false, status: 'running', started: '', finished: '' });
      assert.match(String(list['nap']?.['started']), /^\d{4}-\d\d-\d\dT/);
      assert.deepEqual(list['pull'], { command: '/bin/echo', args: ['a b'], onetime: true, status: 'not started', started: '', finished: '' });
    }
    const page = minisv.curl('/', '-H "Accept: text/html"');
    assert.match(page, /^200 <!doctype html>/);
    for (const word of ['restart', 'stop', 'rotate', 'logs', 'delete']) assert.match(page, new RegExp(word));
    assert.equal(minisv.get('/api/config'), '200 {"logbufferlines":7}');
    assert.deepEqual(Object.keys(minisv.json('/nap/status')), ['status', 'started', 'finished']);
  });
});

test('MS-11, MS-17, MS-18, MS-20: stop, restart, run and signals do what they say and answer ok', limit, async () => {
  await withMinisv({ tasks: { nap: sleep(1112), tells: { command: '/bin/sh', args: ['-c', 'trap "echo hup" HUP; trap "echo term" TERM; echo ready; while :; do sleep 0.05; done'], wait: 1 } } }, async (minisv) => {
    await minisv.until('nap', /running/);
    const [first] = minisv.pids('/bin/sleep 1112');
    assert.equal(minisv.get('/nap/kill'), '200 ok');
    await minisv.stage.until('pgrep -xf "/bin/sleep 1112"', new RegExp(`^(?!${String(first)}\\n)\\d+\\n$`));
    assert.equal(minisv.get('/api/nap/term'), '200 ok', 'the same below /api');
    await minisv.until('nap', /running/);
    assert.equal(minisv.get('/nap/stop'), '200 ok');
    assert.equal(minisv.status('nap'), 'stopped');
    await new Promise((resolve) => { setTimeout(resolve, 1500); });
    assert.deepEqual(minisv.pids('/bin/sleep 1112'), [], 'it stays stopped');
    assert.equal(minisv.get('/nap/restart'), '200 ok');
    await minisv.until('nap', /running/);
    assert.equal(minisv.pids('/bin/sleep 1112').length, 1);
    minisv.get('/nap/stop');
    assert.equal(minisv.get('/nap/run'), '200 ok');
    await minisv.until('nap', /running/);
    await minisv.stage.until('cat tells.log', /^ready$/m);
    minisv.get('/tells/hup');
    await minisv.stage.until('cat tells.log', /^hup$/m);
    minisv.get('/tells/term');
    await minisv.stage.until('cat tells.log', /^term$/m);
  });
});

test('MS-12: unknown tasks and verbs that one-time tasks do not have are refused with their status', limit, async () => {
  await withMinisv({ tasks: { pull: { command: '/bin/true', oneTime: true } } }, (minisv) => {
    assert.equal(minisv.get('/none/stop'), '404 task not found');
    assert.equal(minisv.get('/none/status'), '404 task not found');
    assert.equal(minisv.get('/pull/restart'), '406 it\'s a one-time task');
    assert.equal(minisv.get('/pull/rotate'), '406 it\'s a one-time task');
    assert.match(minisv.get('/pull/dance'), /^404 "dance" is none of stop, restart/);
    assert.match(minisv.curl('/pull/run', '-X PUT'), /^405 /);
  });
});

test('MS-13: POST makes a task, starts it, and writes the configuration; what is wrong makes nothing', limit, async () => {
  await withMinisv({ tasks: { old: sleep(1113) }, more: { colour: 'kept' } }, (minisv) => {
    const post = (name: string, body: string): string => minisv.curl(`/${name}`, `-X POST -H 'Content-Type: application/json' -d '${body}'`);
    assert.match(post('sleep1800', '{"command": "/bin/sleep","args": ["1800"],"workdir": "/home"}'), /^200 \{"status":"running","started":"\d{4}-[^"]+","finished":""\}$/);
    assert.equal(minisv.pids('/bin/sleep 1800').length, 1);
    assert.equal(post('sleep1800', '{"command": "/bin/sleep"}'), '200 task just exist');
    assert.match(post('bad', '{"args": []}'), /^400 command is missing/);
    assert.match(post('bad', '{"command": 7}'), /^400 command is missing/);
    assert.match(post('bad', '{"command": '), /^400 the body is not JSON/);
    assert.match(post('bad', '{"command": "/bin/true", "wait": -1}'), /^400 wait is to be a whole number/);
    assert.match(post('api', '{"command": "/bin/true"}'), /^404 |^400 /);
    assert.match(post('once', '{"command": "/bin/true", "oneTime": true}'), /^200 \{"status":"not started"/);
    const written = JSON.parse(minisv.stage.read('minisv.json')) as { readonly colour: string; readonly tasks: Readonly<Record<string, unknown>> };
    assert.deepEqual(Object.keys(written.tasks), ['old', 'sleep1800', 'once']);
    assert.equal(written.colour, 'kept');
    assert.deepEqual(written.tasks['sleep1800'], { command: '/bin/sleep', args: ['1800'], workdir: '/home' });
  });
});

test('MS-14: DELETE stops a task with TERM, wait and KILL, and takes it out of the configuration', limit, async () => {
  await withMinisv({ tasks: { hard: { command: '/bin/sh', args: ['-c', 'trap "echo no" TERM; echo ready; while :; do sleep 0.05; done'], wait: 1 }, other: sleep(1114) } }, async (minisv) => {
    await minisv.stage.until('cat hard.log', /^ready$/m);
    const started = Date.now();
    assert.equal(minisv.curl('/hard', '-X DELETE'), '200 ok');
    assert.ok(Date.now() - started > 900, 'it had its second');
    assert.match(minisv.stage.read('hard.log'), /^no$/m);
    assert.equal(minisv.get('/hard/status'), '404 task not found');
    assert.deepEqual(Object.keys((JSON.parse(minisv.stage.read('minisv.json')) as { readonly tasks: object }).tasks), ['other']);
    assert.equal(minisv.curl('/hard', '-X DELETE'), '404 task not found');
  });
});

test('MS-15, MS-16: run gives a one-time task the body as its input, once at a time', limit, async () => {
  await withMinisv({ tasks: { reads: { command: '/bin/sh', args: ['-c', 'cat; sleep 1'], oneTime: true }, fails: { command: '/bin/sh', args: ['-c', 'exit 3'], oneTime: true }, none: { command: '/no/such/program', oneTime: true } } }, async (minisv) => {
    assert.equal(minisv.curl('/reads/run', '-X POST --data-binary "two words\nand a line\n"'), '200 ok');
    assert.equal(minisv.get('/reads/run'), '200 just running');
    await minisv.until('reads', /finished/);
    assert.match(minisv.stage.read('reads.log'), /^two words\nand a line$/m);
    assert.equal(minisv.get('/reads/run'), '200 ok');
    minisv.get('/fails/run');
    await minisv.until('fails', /finished with error/);
    minisv.get('/none/run');
    await minisv.until('none', /error starting/);
  });
});

test('MS-09, MS-22: the last lines of a task are an array of as many as are kept', limit, async () => {
  await withMinisv({ tasks: { talks: { command: '/bin/sh', args: ['-c', 'for i in $(seq 20); do echo line $i; done; sleep 1000'] } }, more: { logbufferlines: 5 } }, async (minisv) => {
    await minisv.stage.until('cat talks.log', /^line 20$/m);
    const lines = minisv.json('/talks/logs') as unknown as readonly string[];
    assert.equal(lines.length, 5);
    assert.ok(lines.includes('line 20') && !lines.includes('line 14'));
  });
});

test('MS-06: name and password are wanted everywhere once they are configured', limit, async () => {
  await withMinisv({ tasks: { nap: sleep(1115) }, http: { user: 'me', password: hashSync('open sesame', 4) } }, (minisv) => {
    for (const path of ['/', '/status', '/api/config', '/nap/stop', '/nap/logs']) assert.match(minisv.get(path), /^401 /, path);
    assert.match(minisv.curl('/nap/stop', '-u me:wrong'), /^401 /);
    assert.equal(minisv.curl('/nap/stop', '-u "me:open sesame"'), '200 ok');
    assert.match(minisv.stage.read('out'), /"caller":"user:me"[^\n]*"path":"\/nap\/stop"[^\n]*"status":200/);
  });
});

test('MS-06, MS-25: TLS with client certificates, combined with a password; USR1 takes new certificates', limit, async () => {
  const prepare = (stage: { readonly sh: (command: string) => string }): string => stage.sh(`
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=team 2>/dev/null
    printf 'subjectAltName=IP:127.0.0.1' > san
    for name in server client other; do openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name 2>/dev/null; openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out $name.pem 2>/dev/null; done`);
  await withMinisv({ tasks: { nap: sleep(1116) }, scheme: 'https', prepare, http: { servercert: 'server.pem', serverkey: 'server.key', clientcert: 'ca.pem', user: 'me', password: hashSync('open sesame', 4) } }, async (minisv) => {
    assert.match(minisv.curl('/', '--cacert ca.pem'), /^000/);
    assert.match(minisv.curl('/', '--cacert ca.pem --cert client.pem --key client.key'), /^401 /);
    const full = '--cacert ca.pem --cert client.pem --key client.key -u "me:open sesame"';
    assert.match(minisv.curl('/', full), /^200 \{"nap"/);
    minisv.stage.sh('cp other.pem server.pem; cp other.key server.key');
    minisv.child.kill('SIGUSR1');
    await minisv.stage.until('cat out', /the HTTP server was restarted/);
    assert.match(minisv.curl('/', full), /^200 /);
    assert.match(minisv.stage.sh(`curl -sv ${full} "$(sed -n 's/.*\\(https:[^ ]*\\)/\\1/p' out | head -1)" 2>&1 | grep subject:`), /CN=other/);
  });
});

test('a page of another origin, a foreign name and a huge body change nothing', limit, async () => {
  await withMinisv({ tasks: { nap: sleep(1117) } }, async (minisv) => {
    await minisv.until('nap', /running/);
    assert.match(minisv.curl('/nap/stop', '-H "Sec-Fetch-Site: cross-site" -H "Sec-Fetch-Mode: navigate" -H "Sec-Fetch-Dest: document"'), /^403 /);
    assert.match(minisv.curl('/nap/stop', '-H "Origin: https://evil.example"'), /^403 /);
    assert.match(minisv.curl('/nap/stop', '-H "Host: rebound.evil.example"'), /^421 /);
    assert.match(minisv.curl('/nap/run', '-X POST --data-binary @/proc/self/exe'), /^413 /);
    assert.equal(minisv.status('nap'), 'running');
  });
});

test('MS-25: TERM stops all tasks, and minisv ends', limit, async () => {
  await withMinisv({ tasks: { nap: sleep(1118), hard: { command: '/bin/sh', args: ['-c', 'trap : TERM; echo ready; while :; do sleep 0.05; done'], wait: 1 } } }, async (minisv) => {
    await minisv.stage.until('cat hard.log', /^ready$/m);
    minisv.child.kill('SIGTERM');
    const [status] = await once(minisv.child, 'exit') as [number];
    assert.equal(status, 0);
    assert.deepEqual(minisv.pids('/bin/sleep 1118'), []);
    assert.match(minisv.stage.read('nap.log'), /minisv: stop\nminisv: pid \d+ ended, signal 15\n/);
  });
});

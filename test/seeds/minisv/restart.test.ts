/** Restarts: by themselves, and gracefully, with the new instance beside the old. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withMinisv } from './supervised.ts';

const limit = { timeout: 120_000 };

test('MS-23, MS-05: permanent tasks start at launch and come back after their pause; one-time tasks wait to be asked', limit, async () => {
  const tasks = {
    comes: { command: '/bin/sh', args: ['-c', 'echo begin; pwd; sleep 0.2; exit 1'], restartPause: 1, workdir: '/usr' },
    once: { command: '/bin/sh', args: ['-c', 'echo begin'], oneTime: true },
  };
  await withMinisv({ tasks }, async (minisv) => {
    const started = Date.now();
    await minisv.stage.until('grep -c ^begin comes.log', /^3/);
    assert.ok(Date.now() - started > 1_800, 'a second between');
    assert.match(minisv.stage.read('comes.log'), /^\/usr$/m);
    assert.doesNotMatch(minisv.stage.read('once.log'), /begin/);
    minisv.get('/once/run');
    await minisv.stage.until('cat once.log', /^begin$/m);
    await new Promise((resolve) => { setTimeout(resolve, 1_000); });
    assert.equal(minisv.stage.read('once.log').match(/^begin$/gm)?.length, 1);
  });
});

test('MS-19, MS-21: the new instance has to live for its time; then the old one gets TERM, its wait, and KILL', limit, async () => {
  const script = 'trap "echo term $$" TERM; echo begin $$; while :; do sleep 0.05; done';
  await withMinisv({ tasks: { web: { command: '/bin/sh', args: ['-c', script], wait: 1, startTime: 2 } } }, async (minisv) => {
    const lives = (): number => minisv.stage.sh(`for pid in $(sed -n "s/^begin //p" web.log); do kill -0 $pid 2>/dev/null && echo $pid; done`).split('\n').filter((line) => /^\d+$/.test(line)).length;
    await minisv.stage.until('cat web.log', /^begin/m);
    assert.equal(minisv.get('/web/restart'), '200 ok');
    await minisv.stage.until('grep -c ^begin web.log', /^2/);
    assert.equal(minisv.status('web'), 'restart validation');
    assert.equal(lives(), 2, 'both are there');
    await minisv.until('web', /restart ok/);
    assert.equal(lives(), 1);
    const log = minisv.stage.read('web.log');
    const [old, fresh] = [...log.matchAll(/^begin (\d+)$/gm)].map(([, pid]) => pid);
    assert.match(log, new RegExp(`^term ${String(old)}$`, 'm'));
    assert.doesNotMatch(log, new RegExp(`^term ${String(fresh)}$`, 'm'));
    minisv.get('/web/kill');
    await minisv.stage.until('grep -c ^begin web.log', /^3/);
  });
});

test('MS-19, MS-21: when the new instance dies too soon, or cannot be started, the old one stays', limit, async () => {
  const script = 'echo begin $$; [ -e broken ] && exit 1; exec sleep 1000';
  await withMinisv({ tasks: { web: { command: './serve', wait: 1, startTime: 2 } }, files: { 'serve-run': `#!/bin/sh\n${script}\n` }, prepare: (stage) => stage.sh('cp serve-run serve; chmod +x serve') }, async (minisv) => {
    await minisv.stage.until('cat web.log', /^begin/m);
    const pid = Number(/^begin (\d+)$/m.exec(minisv.stage.read('web.log'))?.[1]);
    minisv.stage.write('broken', '');
    minisv.get('/web/restart');
    await minisv.until('web', /new instance exited too fast/);
    assert.ok(process.kill(pid, 0));
    minisv.stage.sh('rm broken serve');
    minisv.get('/web/restart');
    await minisv.until('web', /new instance failed/);
    assert.ok(process.kill(pid, 0));
    minisv.stage.sh('cp serve-run serve; chmod +x serve');
    minisv.get('/web/restart');
    await minisv.until('web', /restart ok/);
    assert.throws(() => process.kill(pid, 0));
    assert.match(minisv.stage.read('web.log'), /minisv: restart: new instance exited too fast; the old instance stays/);
  });
});

test('MS-07: limits are set before tasks; one that cannot be is told', limit, async () => {
  const tasks = { shows: { command: '/bin/sh', args: ['-c', 'echo files $(ulimit -Sn) $(ulimit -Hn) core $(ulimit -c); exec sleep 1000'] } };
  await withMinisv({ tasks, more: { limits: [{ type: 'nofile', cur: 300, max: 400 }, { type: 'core', cur: 0, max: 0 }, { type: 'nproc', cur: 9, max: 3 }] } }, async (minisv) => {
    await minisv.stage.until('cat shows.log', /^files 300 400 core 0$/m);
    assert.match(minisv.stage.read('out'), /minisv: limit nproc: 9 is above 3/);
  });
});

// Managers of one user share a tree of control groups; a stop once reached the units of the same name of another one.
test('two at a time with tasks of the same name leave each other alone', limit, async () => {
  const tasks = { same: { command: '/bin/sh', args: ['-c', 'echo begin $$; exec sleep 1000'], wait: 5 } };
  await withMinisv({ tasks }, async (first) => {
    await first.stage.until('cat same.log', /^begin/m);
    const pid = Number(/^begin (\d+)$/m.exec(first.stage.read('same.log'))?.[1]);
    await withMinisv({ tasks }, async (second) => {
      await second.stage.until('cat same.log', /^begin/m);
      assert.equal(second.get('/same/stop'), '200 ok');
    });
    assert.ok(process.kill(pid, 0));
    assert.equal(first.status('same'), 'running');
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addonPath, native, nodeEnvironment, run } from './native-under-test.ts';

test('a program that executes itself keeps its pid, its children and the descriptors it names', async () => {
  const script = `
    const native = require(process.argv[1]);
    const fs = require('fs');
    if (process.env.STATE_FD === undefined) {
      const state = native.memfd('state');
      const lost = native.memfd('lost');
      native.write(state, Buffer.from('remembered'));
      const child = native.spawn({ path: '/bin/sh', argv: ['sh', '-c', 'sleep 0.3; exit 7'], env: ['PATH=/bin'], stdio: [0, 1, 2], extraFds: [], cwd: '/', umask: 18,
        credentials: null, limits: [], nice: null, oomScoreAdjust: null, noNewPrivileges: false, ignoreSigpipe: false, newSession: true, cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1 });
      const env = Object.entries(process.env).map(([name, value]) => name + '=' + value);
      console.log(native.reexec(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
        [...env, 'STATE_FD=' + state, 'LOST_FD=' + lost, 'PID=' + process.pid, 'CHILD=' + child.pid], [state]));
    } else {
      const state = fs.readFileSync('/proc/self/fd/' + process.env.STATE_FD, 'utf8');
      let lost; try { lost = fs.readlinkSync('/proc/self/fd/' + process.env.LOST_FD); } catch (error) { lost = error.code; }
      console.log(state, !String(lost).includes('lost'), process.pid === Number(process.env.PID));
      setTimeout(() => { const [end] = native.reap(5); console.log(end.pid === Number(process.env.CHILD), end.status); }, 1000);
    }`;
  const { output } = await run([process.execPath, '-e', script, addonPath], { env: nodeEnvironment });
  // With -e the script is part of execArgv, so that the second life runs the same text.
  assert.equal(output, 'remembered true true\ntrue 7\n');
});

test('a re-exec that fails returns the errno and leaves the flags as they were', async () => {
  assert.equal(native.reexec('/no/such/program', ['x'], [], []), 'ENOENT');
  const { output } = await run(['/bin/sh', '-c', 'ls /proc/self/fd | wc -l'], {});
  assert.equal(output.trim(), '4');
});

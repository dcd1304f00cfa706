/** Runs inside name spaces of its own (see namespace.test.ts) and prints what came back from the calls that change the system. */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { native } from './native-under-test.ts';

const [task, directory = ''] = process.argv.slice(2);
const results: unknown[] = [];

switch (task) {
  case 'mount':
    mkdirSync(`${directory}/mnt`);
    results.push(native.mount('tmpfs', `${directory}/mnt`, 'tmpfs', 0, 'size=1m'));
    mkdirSync(`${directory}/mnt/inner`);
    results.push(readdirSync(`${directory}/mnt`), native.umount(`${directory}/mnt`, 0), readdirSync(`${directory}/mnt`));
    results.push(native.umount(`${directory}/mnt`, 0), native.mount('x', `${directory}/mnt`, 'no-such-type', 0, ''));
    results.push(native.swapoff('/no/such/swap'));
    break;
  case 'root':
    results.push(native.mount('tmpfs', directory, 'tmpfs', 0, ''));
    mkdirSync(`${directory}/old`);
    mkdirSync(`${directory}/only-here`);
    results.push(native.pivotRoot(directory, `${directory}/old`), readdirSync('/').sort());
    results.push(native.chroot('/only-here'), readdirSync('/'));
    break;
  case 'host':
    results.push(native.setHostname('heartwood-test'), hostname(), native.setHostname('x'.repeat(65)));
    results.push(native.loopbackUp(), /lo:/.test(readFileSync('/proc/net/dev', 'utf8')), readFileSync('/proc/net/fib_trie', 'utf8').includes('127.0.0.1'));
    results.push(native.sync());
    break;
  case 'reboot':
    results.push(native.reboot(directory as 'restart', null));
    break;
  case 'kill-all':
    // As process 1: everything else in the name space goes, it stays.
    for (let count = 0; count < 3; count++) {
      native.spawn({
        path: '/bin/sleep', argv: ['sleep', '100'], env: [], stdio: [0, 1, 2] as never, extraFds: [], cwd: '/', umask: 0, credentials: null, limits: [],
        nice: null, oomScoreAdjust: null, noNewPrivileges: false, ignoreSigpipe: false, newSession: true, cgroupFd: -1, pidEnvIndexes: [], controllingTty: -1,
      });
    }
    results.push(process.pid, native.killAll(9));
    await new Promise((resolve) => setTimeout(resolve, 300));
    results.push(native.reap(1000).filter(({ code, status }) => code === 'killed' && status === 9).length >= 3, native.killAll(0));
    break;
  default:
    throw new Error(`no task ${String(task)}`);
}
console.log(JSON.stringify(results));
// tsx's own child may be among the killed: nothing here waits for it.
process.exit(0);

/** Runs inside a terminal made by script(1) (see terminal.test.ts) and prints what the terminal calls gave. */
import { readFileSync } from 'node:fs';
import type { Fd } from '../../src/base/brand.ts';
import { exitOf, native, nullFd, ok, plainSpawn, started } from './native-under-test.ts';

const input = 0 as Fd;
const results: unknown[] = [];

results.push(native.isTty(input), native.isTty(nullFd), native.windowSize(input), native.windowSize(nullFd));
const own = Number(readFileSync('/proc/self/stat', 'utf8').split(' ')[4]);
results.push(native.getForegroundGroup(input) === own);

// Raw settings by stty(1) in a group of its own, to which the terminal is given first: that is what keeps it from being stopped.
const child = started(native.spawn(plainSpawn(['/bin/sh', '-c', 'sleep 0.3; stty raw -echo; echo $? >&2'], { stdio: [input, nullFd, 2 as Fd], newSession: false })));
results.push(native.setForegroundGroup(input, child.pid), native.getForegroundGroup(input) === child.pid);
results.push((await exitOf(child.pid)).status);
// Now we are in the background: taking the terminal back would stop us, were the signal not blocked for the call.
results.push(native.setForegroundGroup(input, own), native.getForegroundGroup(input) === own);

const isSane = async (): Promise<boolean> => {
  const [read, write] = ok(native.pipe(false));
  const stty = started(native.spawn(plainSpawn(['/bin/stty', '-a'], { stdio: [input, write, nullFd], newSession: false })));
  await exitOf(stty.pid);
  const buffer = Buffer.alloc(4096);
  const words = buffer.toString('utf8', 0, ok(native.read(read, buffer))).split(/[\s;]+/);
  return ['icanon', 'echo', 'isig', 'icrnl', 'opost'].every((word) => words.includes(word));
};
results.push(await isSane(), native.resetTty(input), await isSane(), native.resetTty(nullFd));
console.log(`RESULTS ${JSON.stringify(results)}`);
process.exit(0);

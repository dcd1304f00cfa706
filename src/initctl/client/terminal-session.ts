/** The caller's terminal joined to a unit's: by a program of its own, which puts it back as it was whatever ends it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EndAnswer } from '../../control/answers.ts';
import type { Reply, TerminalSession, TerminalStep } from '../verb.ts';

/** A bundle lies in `dist/`, this file three folders below the checkout. */
const isBundle = import.meta.filename.endsWith('.cjs');

/** Exit statuses of heartwood-terminal: native/terminal/join.c. */
const OVER = 0;
const NOBODY = 1;
const LEFT = 10;
const SLOW = 11;

/** A manager that is executed anew answers again within a moment. */
const ASK_AGAIN_MSEC = 200;
const ASK_AGAIN_LIMIT_MSEC = 10_000;

/** @param awaitEnd asks the manager how the unit ends */
export async function joinTerminal(step: TerminalStep, awaitEnd: () => Promise<Reply<'await-end'>>): Promise<TerminalSession> {
  // Asked from the beginning: who does not wait for a transient unit finds it gone.
  const waiting = { isWanted: true, untilMsec: Infinity };
  const end = step.awaitsEnd ? awaitEndPatiently(awaitEnd, waiting) : Promise.resolve(null);
  const status = await carry(step);
  waiting.untilMsec = performance.now() + ASK_AGAIN_LIMIT_MSEC;
  // A command that printed nothing may have ended before it was joined, and its terminal with it.
  if (status === OVER || (status === NOBODY && step.awaitsEnd)) return { how: 'ended', end: await end };
  waiting.isWanted = false;
  if (status === LEFT) return { how: 'left' };
  if (status === SLOW) return { how: 'failed', problem: `${step.unit} goes on without this terminal, which took too little of what was printed.` };
  return { how: 'failed', problem: `The terminal of ${step.unit} cannot be had any more; see "initctl status ${step.unit}".` };
}

/** The connection may end in between; how the unit ended is known to whoever manages it then. */
async function awaitEndPatiently(awaitEnd: () => Promise<Reply<'await-end'>>, waiting: { readonly isWanted: boolean; readonly untilMsec: number }): Promise<EndAnswer | null> {
  for (;;) {
    const reply = await awaitEnd();
    if (reply.ok) return reply.value;
    if (reply.failure.name === 'no-such-unit' || !waiting.isWanted || performance.now() > waiting.untilMsec) return null;
    await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MSEC); });
  }
}

function carry({ socket, keys, awaitsEnd }: TerminalStep): Promise<number | null> {
  const directory = isBundle ? import.meta.dirname : join(dirname(dirname(import.meta.dirname)), '..', 'dist');
  const program = join(directory, 'native/heartwood-terminal');
  return new Promise((resolve) => {
    if (!existsSync(program)) {
      process.stderr.write(`${program} is missing: build it with "npm run build".\n`);
      resolve(null);
      return;
    }
    // Signals of the terminal are the program's affair as long as it has the terminal.
    const ignore = (): void => undefined;
    process.on('SIGINT', ignore);
    process.on('SIGQUIT', ignore);
    const child = spawn(program, ['join', socket, keys, awaitsEnd ? 'tell' : 'leave'], { stdio: 'inherit' });
    const finish = (status: number | null): void => {
      process.off('SIGINT', ignore);
      process.off('SIGQUIT', ignore);
      resolve(status);
    };
    child.on('error', () => { finish(null); });
    child.on('exit', (status) => { finish(status); });
  });
}

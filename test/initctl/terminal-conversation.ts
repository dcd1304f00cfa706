/** Somebody at a terminal, made by script(1): types when what was waited for has appeared. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';

export const hasScript = spawnSync('script', ['--version']).status === 0;

/** Far more than a shell's start on a loaded machine. */
const LIMIT_MS = 20_000;

/** What to wait for in what was printed since the turn before, and what to type then. Readline takes a Tab within a burst for pasted text. */
export type Turn = readonly [waitFor: string | RegExp, type: string];

export interface Conversation { readonly text: string; readonly status: number | null }

/** @param command for the shell */
export async function typeAt(command: string, env: Readonly<Record<string, string>>, turns: readonly Turn[]): Promise<Conversation> {
  const child = spawn('script', ['-qefc', command, '/dev/null'], { env: { PATH: process.env['PATH'], TERM: 'xterm', COLUMNS: '200', ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  let since = 0;
  let next = 0;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    const turn = turns[next];
    if (turn === undefined) return;
    const found = typeof turn[0] === 'string' ? text.includes(turn[0], since) : turn[0].test(text.slice(since));
    if (!found) return;
    next++;
    since = text.length;
    child.stdin.write(turn[1]);
  });
  const late = setTimeout(() => { child.kill('SIGKILL'); }, LIMIT_MS);
  const status = await new Promise<number | null>((resolve) => { child.on('close', resolve); });
  clearTimeout(late);
  assert.equal(next, turns.length, `waited for ${String(turns[next]?.[0])} in vain:\n${text}`);
  return { text, status };
}

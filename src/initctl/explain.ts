/** The chain of causes of a unit's state, as indented lines. */
import type { WhyAnswer } from '../control/answers.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './text/style.ts';
import { harmless } from './text/width.ts';
import { request, type VerbRun } from './verb.ts';

/** Nothing when the manager cannot say: the reader has been told already that it failed. */
export function* explainUnit(unit: string, terminal: Terminal): VerbRun<readonly string[]> {
  const reply = yield* request('why', { unit });
  return reply.ok ? renderChain(reply.value, terminal) : [];
}

export function renderChain(answer: WhyAnswer, terminal: Terminal): readonly string[] {
  const arrow = terminal.unicode ? '└─ ' : '`- ';
  return answer.links.map((link) => {
    const lead = link.depth === 0 ? '' : `${'   '.repeat(link.depth - 1)}${arrow}`;
    const origin = link.origin === null ? '' : paint(terminal, 'dim', ` (${link.origin})`);
    return `${lead}${harmless(link.text)}${origin}`;
  });
}

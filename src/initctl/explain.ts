/** The chain of causes of a unit's state, as indented lines. */
import type { WhyAnswer } from '../control/answers.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './text/style.ts';
import { formatAgo } from './text/duration.ts';
import { harmless } from './text/width.ts';
import { request, type VerbRun } from './verb.ts';

/** Deeper links are not indented further. */
const DEPTH_SHOWN_MAX = 10;

/** Nothing when the manager cannot say: the reader has been told already that it failed. */
export function* explainUnit(unit: string, terminal: Terminal): VerbRun<readonly string[]> {
  const reply = yield* request('why', { unit });
  return reply.ok ? renderChain(reply.value, terminal) : [];
}

export function renderChain(answer: WhyAnswer, terminal: Terminal): readonly string[] {
  const arrow = terminal.unicode ? '└─ ' : '`- ';
  return answer.links.map((link, depth) => {
    const lead = depth === 0 ? '' : `${'   '.repeat(Math.min(depth, DEPTH_SHOWN_MAX) - 1)}${arrow}`;
    const origin = link.origin === null ? '' : paint(terminal, 'dim', ` (${originText(link.origin)})`);
    const when = link.atUsec > 0 ? paint(terminal, 'dim', `, ${formatAgo(link.atUsec, answer.nowUsec)}`) : '';
    const next = link.nextTryUsec > 0 ? paint(terminal, 'dim', `, next try ${formatAgo(link.nextTryUsec, answer.nowUsec).replace(/ left$/, ' from now')}`) : '';
    return `${lead}${paint(terminal, depth === 0 ? 'strong' : 'plain', link.unit)} ${harmless(link.text)}${when}${next}${origin}`;
  });
}

function originText(origin: string): string {
  return origin === 'default' || origin === 'implicit' ? `${origin} dependency` : origin;
}

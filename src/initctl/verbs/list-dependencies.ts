import type { DependencyListAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { dotOf, paint, toneOf } from '../text/style.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const listDependencies: Verb = {
  name: 'list-dependencies',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT]',
  summary: 'Show what a unit pulls in, as a tree',
  operand: 'unit-optional',
  options: ['reverse', 'before', 'after', 'all', 'plain', 'json'],
  runs: 'manager',
  *run(call) {
    const unit = unitArgument(call.words[0] ?? 'default.target');
    const direction = hasOption(call.options, 'reverse') ? 'reverse' : hasOption(call.options, 'after') ? 'after' : hasOption(call.options, 'before') ? 'before' : 'forward';
    const reply = yield* request('list-dependencies', { unit, direction });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else yield* print(renderTree(reply.value, { all: hasOption(call.options, 'all'), plain: hasOption(call.options, 'plain'), terminal: call.terminal }));
    if (reply.value.truncated) yield* complain('The tree is longer than this.');
    return EXIT.done;
  },
};

export interface TreeStyle {
  /** Descend below units that are no targets as well. */
  readonly all: boolean;
  readonly plain: boolean;
  readonly terminal: Terminal;
}

/** Lines in a tree drawn from a graph: a unit that was drawn before is named again, but not what lies below it. */
const LINES_MAX = 20_000;

export function renderTree(answer: DependencyListAnswer, style: TreeStyle): string {
  const { terminal } = style;
  const lines = [answer.root];
  const drawn = new Set<string>([answer.root]);
  const draw = (name: string, prefix: string): void => {
    const edges = answer.nodes[name]?.edges ?? [];
    edges.forEach((edge, index) => {
      if (lines.length >= LINES_MAX) return;
      const node = answer.nodes[edge.unit];
      const active = node?.active ?? 'inactive';
      const dot = style.plain ? '' : `${paint(terminal, active === 'failed' ? 'bad' : toneOf(active, node?.load), dotOf(terminal, active))} `;
      const last = index === edges.length - 1;
      const branch = style.plain ? '  ' : terminal.unicode ? (last ? '└─' : '├─') : (last ? '`-' : '|-');
      lines.push(`${dot}${prefix}${branch}${edge.unit}`);
      if (drawn.has(edge.unit) || (!style.all && !edge.unit.endsWith('.target'))) return;
      drawn.add(edge.unit);
      draw(edge.unit, prefix + (style.plain ? '  ' : last ? '  ' : terminal.unicode ? '│ ' : '| '));
    });
  };
  draw(answer.root, '');
  return lines.map((line) => `${line}\n`).join('');
}

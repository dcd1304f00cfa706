import type { DependencyListAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { dotOf, paint, toneOf } from '../text/style.ts';
import { expandPatterns } from '../expand-patterns.ts';
import { unitArgument } from '../unit-argument.ts';
import { checkOutputFormat, jsonFormat } from '../json-table.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const listDependencies: Verb = {
  name: 'list-dependencies',
  aliases: [],
  group: 'Units',
  synopsis: '[UNIT…]',
  summary: 'Show what a unit pulls in, as a tree',
  operand: 'units-optional',
  options: ['reverse', 'before', 'after', 'all', 'plain', 'output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const direction = hasOption(call.options, 'reverse') ? 'reverse' : hasOption(call.options, 'after') ? 'after' : hasOption(call.options, 'before') ? 'before' : 'forward';
    const style = { all: hasOption(call.options, 'all'), plain: hasOption(call.options, 'plain') || jsonFormat(call) !== null, terminal: call.terminal };
    const words = call.words.length === 0 ? ['default.target'] : yield* expandPatterns(call.words.map((word) => (word === 'default.target' ? word : unitArgument(word))));
    for (const [index, word] of words.entries()) {
      const reply = yield* request('list-dependencies', { unit: word, direction });
      if (!reply.ok) {
        yield* complain(reply.failure.message);
        return EXIT.failed;
      }
      if (index > 0 && !hasOption(call.options, 'json')) yield* print('\n');
      // The alias by which everybody knows it, and not what it leads to.
      const root = word === 'default.target' ? word : reply.value.root;
      if (hasOption(call.options, 'json')) yield* printJson(reply.value);
      else yield* print(renderTree(reply.value, root, style));
      if (reply.value.truncated) yield* complain('The tree is longer than this.');
    }
    return EXIT.done;
  },
};

export interface TreeStyle {
  /** Descend below units that are no targets as well. */
  readonly all: boolean;
  readonly plain: boolean;
  readonly terminal: Terminal;
}

/** Lines in a tree drawn from a graph, in which a branch may appear again and again. */
const LINES_MAX = 20_000;

/**
 * As systemctl draws it: a tree has every branch as often as it is met, and `...` where one comes back upon itself; a plain list has
 * every unit once, and no depth.
 *
 * @param root what stands in the first line
 */
export function renderTree(answer: DependencyListAnswer, root: string, style: TreeStyle): string {
  const { terminal } = style;
  const lines = [root];
  const drawn = new Set<string>([answer.root]);
  const draw = (name: string, prefix: string): void => {
    const edges = answer.nodes[name]?.edges ?? [];
    edges.forEach((edge, index) => {
      if (lines.length >= LINES_MAX) return;
      const node = answer.nodes[edge.unit];
      const active = node?.active ?? 'inactive';
      const dot = style.plain ? '' : `${paint(terminal, toneOf(active), dotOf(terminal, active))} `;
      const last = index === edges.length - 1;
      const branch = style.plain ? '  ' : terminal.unicode ? (last ? '└─' : '├─') : (last ? '`-' : '|-');
      if (drawn.has(edge.unit)) {
        if (!style.plain) lines.push(`${' '.repeat(2)}${prefix}${branch}...`);
        return;
      }
      lines.push(`${dot}${prefix}${branch}${edge.unit}`);
      if ((!style.all && !edge.unit.endsWith('.target'))) return;
      drawn.add(edge.unit);
      draw(edge.unit, prefix + (style.plain ? '' : last ? '  ' : terminal.unicode ? '│ ' : '| '));
      if (!style.plain) drawn.delete(edge.unit);
    });
  };
  draw(answer.root, '');
  return lines.map((line) => `${line}\n`).join('');
}

/** Processes by control group, as a tree: those of a group first, then the groups in it. */
import type { ProcessAnswer } from '../control/answers.ts';
import type { Terminal } from './terminal.ts';
import { branch, paint } from './text/style.ts';
import { harmless, shorten } from './text/width.ts';

interface GroupNode {
  readonly groups: Map<string, GroupNode>;
  readonly processes: ProcessAnswer[];
}

export interface ProcessTreeStyle {
  readonly terminal: Terminal;
  /** Do not shorten command lines. */
  readonly full: boolean;
  /** Cells before each line. */
  readonly indent: number;
}

/** No command line is shortened below this. */
const COMMAND_MIN = 20;

/**
 * @param groups paths begin with `/` or are '' for the group at the root
 * @returns its lines, without indent
 */
export function processTree(groups: readonly { readonly path: string; readonly processes: readonly ProcessAnswer[] }[], style: ProcessTreeStyle): readonly string[] {
  const root: GroupNode = { groups: new Map(), processes: [] };
  for (const { path, processes } of groups) nodeAt(root, path.split('/').filter((part) => part !== '')).processes.push(...processes);
  const widest = Math.max(0, ...groups.flatMap(({ processes }) => processes.map(({ pid }) => String(pid).length)));
  const lines: string[] = [];
  const draw = (node: GroupNode, lead: string): void => {
    const groupsBelow = [...node.groups].sort(([a], [b]) => (a < b ? -1 : 1));
    node.processes.forEach(({ pid, command }, index) => {
      const isLast = index === node.processes.length - 1 && groupsBelow.length === 0;
      const text = `${String(pid).padStart(widest)} ${harmless(command)}`;
      lines.push(`${lead}${branch(style.terminal, isLast)}${paint(style.terminal, 'dim', fitted(text, lead.length + 2, style))}`);
    });
    groupsBelow.forEach(([name, below], index) => {
      const isLast = index === groupsBelow.length - 1;
      lines.push(`${lead}${branch(style.terminal, isLast)}${name}`);
      draw(below, `${lead}${isLast ? '  ' : style.terminal.unicode ? '│ ' : '| '}`);
    });
  };
  draw(root, '');
  return lines;
}

function nodeAt(root: GroupNode, parts: readonly string[]): GroupNode {
  let node = root;
  for (const part of parts) {
    let next = node.groups.get(part);
    if (next === undefined) node.groups.set(part, (next = { groups: new Map(), processes: [] }));
    node = next;
  }
  return node;
}

function fitted(text: string, taken: number, { terminal, full, indent }: ProcessTreeStyle): string {
  return full || terminal.columns === 0 ? text : shorten(text, Math.max(COMMAND_MIN, terminal.columns - indent - taken), terminal.unicode);
}

/** Random trees of unit files with drop-ins of all kinds, and what systemd 252 made of them. The same seed makes the same tree. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { seededNumbers } from './seeded-numbers.ts';

export const DROP_IN_ANSWERS = new URL('./drop-in-answers.jsonl', import.meta.url).pathname;

export interface DropInAnswer {
  readonly seed: number;
  readonly unit: string;
  /** The unit's files in the order of effect. */
  readonly paths: readonly string[];
}

/** Names with all that makes more directories count: dashes, an instance, an alias. */
export const UNITS = ['one.service', 'one-two.service', 'one-two-three.service', 'one@x.service', 'one-two@x-y.service', 'other.service', 'one-two.socket'] as const;

const DIRECTORIES = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'] as const;
/** Directories whose files may concern one of the units. */
const DROP_IN_DIRECTORIES = [
  'service.d', 'socket.d', 'one.service.d', 'one-.service.d', 'one-two.service.d', 'one-two-.service.d', 'one-two-three.service.d', 'one@.service.d',
  'one@x.service.d', 'one-two@.service.d', 'one-@.service.d', 'one-@x-y.service.d', 'one-two@x-y.service.d', 'one-two@x-.service.d', 'other.service.d', 'one-two.socket.d', 'one-.socket.d',
] as const;
const FILES = ['10-a.conf', '20-b.conf', '5-c.conf', 'override.conf', 'README', '.hidden.conf'] as const;
/** Unit files, some under a name that is a link to another. */
const UNIT_FILES = ['one.service', 'one-two.service', 'one-two-three.service', 'one@.service', 'one-two@.service', 'other.service', 'one-two.socket'] as const;

const DROP_INS = 14;
/** One in so many is a link to /dev/null, an empty file, or a link to another. */
const MASKED_OF = 8;

/** Makes the tree in a directory of its own, which `body` is given, and removes it. */
export function withTree<T>(seed: number, body: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-drop-ins-'));
  try {
    const below = seededNumbers(seed);
    const pick = <E>(list: readonly E[]): E => list[below(list.length)] as E;
    const place = (path: string, text: string | null): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      rmSync(join(root, path), { force: true });
      if (text === null) symlinkSync('/dev/null', join(root, path));
      else writeFileSync(join(root, path), text);
    };
    for (const name of UNIT_FILES) place(`${pick(DIRECTORIES)}/${name}`, `[Unit]\nDescription=${name}\n${name.endsWith('.socket') ? '[Socket]\nListenStream=99\n' : '[Service]\nExecStart=/bin/true\n'}`);
    if (below(2) === 0) {
      const path = '/etc/systemd/system/other.service';
      mkdirSync(dirname(join(root, path)), { recursive: true });
      rmSync(join(root, path), { force: true });
      symlinkSync('/usr/lib/systemd/system/one-two.service', join(root, path));
    }
    for (let i = 0; i < DROP_INS; i += 1) {
      const kind = below(MASKED_OF);
      place(`${pick(DIRECTORIES)}/${pick(DROP_IN_DIRECTORIES)}/${pick(FILES)}`, kind === 0 ? null : kind === 1 ? '' : '[Unit]\nDocumentation=man:ls(1)\n');
    }
    return body(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** The files of a unit in the order of effect, out of what systemd-analyze says of all it has loaded when it is asked to debug. */
export function pathsOf(dump: string, unit: string, root: string): readonly string[] {
  const block = dump.split(/^(?=\t-> Unit )/m).find((each) => each.startsWith(`\t-> Unit ${unit}:`) || new RegExp(`^\\t\\tAlias: ${unit.replaceAll('.', '\\.')}$`, 'm').test(each)) ?? '';
  return [...block.matchAll(/^\t\t(?:Fragment|DropIn) Path: (.*)$/gm)].map(([, path = '']) => path.replace(root, ''));
}

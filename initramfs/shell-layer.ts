/** A shell and the usual small tools, for people and for `--exec`. Nothing of Heartwood needs it. */
import { readFileSync } from 'node:fs';
import type { ArchiveEntry } from './newc-archive.ts';
import { runProgram } from './run-program.ts';

/** Names that belong to Heartwood in this image: busybox has an init and power verbs of its own. */
const NOT_LINKED: ReadonlySet<string> = new Set(['init', 'linuxrc', 'poweroff', 'reboot', 'halt', 'busybox']);

/** @param busybox a static build that runs on this machine too */
export function shellLayer(busybox: string): readonly ArchiveEntry[] {
  const applets = runProgram(busybox, ['--list']).toString().split('\n');
  return [
    { kind: 'file', path: 'usr/bin/busybox', mode: 0o755, content: readFileSync(busybox) },
    ...applets
      .filter((name) => name !== '' && !NOT_LINKED.has(name))
      .map((name) => ({ kind: 'symlink', path: `usr/bin/${name}`, target: 'busybox' }) as const),
  ];
}

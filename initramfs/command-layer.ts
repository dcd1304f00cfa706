/** The last layer of `--exec`: one command, the unit that runs it once the system is up, and the script that reports how it ended. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveEntry } from './newc-archive.ts';

/** To be started instead of default.target. */
export const COMMAND_TARGET = 'vm-command.target';

/** @param command text for the guest's shell; may be a whole script */
export function commandLayer(command: string): readonly ArchiveEntry[] {
  return [
    { kind: 'file', path: 'usr/lib/heartwood/vm/command', mode: 0o644, content: Buffer.from(`${command}\n`) },
    { kind: 'file', path: 'usr/lib/heartwood/vm/run-command', mode: 0o755, content: guestFile('run-command') },
    { kind: 'file', path: 'etc/heartwood/system/vm-command.service', mode: 0o644, content: guestFile('vm-command.service') },
    { kind: 'file', path: `etc/heartwood/system/${COMMAND_TARGET}`, mode: 0o644, content: guestFile(COMMAND_TARGET) },
  ];
}

function guestFile(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'guest', name));
}

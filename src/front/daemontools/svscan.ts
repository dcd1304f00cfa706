/** `svscan [DIR]`: supervises every service directory in a directory, and looks for new ones every five seconds. */
import { realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedManager, FrontError, managerPlace } from '../embedded-manager.ts';
import { commandLine } from '../unit-text.ts';
import { startTime } from './keeper.ts';

const EXIT_TROUBLE = 111;
const KEEPER = 'keeper.service';

function keeperUnit(manager: EmbeddedManager, directory: string): string {
  const program = join(import.meta.dirname, 'native/front');
  const stream = (fd: number): string => `append:/proc/${String(manager.pid)}/fd/${String(fd)}`;
  return `[Unit]
Description=Supervision of the services in ${directory.replaceAll('%', '%%')}
DefaultDependencies=no
StartLimitIntervalSec=0

[Service]
ExecStart=${commandLine(program, ['front', 'keep-services', manager.place, directory])}
Restart=on-failure
KillMode=process
StandardOutput=${stream(1)}
StandardError=${stream(2)}
`;
}

export async function svscan(words: readonly string[]): Promise<number> {
  const fatal = (why: string): number => {
    process.stderr.write(`svscan: fatal: ${why}\n`);
    return EXIT_TROUBLE;
  };
  const label = words[0] ?? '.';
  const status = statSync(label, { throwIfNoEntry: false });
  if (status?.isDirectory() !== true) return fatal(`unable to chdir to ${label}: ${status === undefined ? 'file does not exist' : 'not a directory'}`);
  const directory = realpathSync(label);
  try {
    const manager = await EmbeddedManager.open(managerPlace('svscan', directory));
    writeFileSync(join(manager.place, 'svscan'), `${String(process.pid)} ${startTime(process.pid) ?? ''}\n`);
    await manager.setUnits(new Map([[KEEPER, keeperUnit(manager, directory)]]));
    const failure = await manager.enqueue('start', KEEPER, true);
    if (failure !== null) return fatal(failure.message);
    return await new Promise<number>((resolve) => {
      manager.onLost = () => { resolve(fatal('the manager ended')); };
    });
  } catch (error) {
    if (error instanceof FrontError) return fatal(error.message);
    throw error;
  }
}

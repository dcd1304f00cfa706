/** `supervise DIR`: one service directory, supervised in the foreground until `svc -x`. */
import { realpathSync, statSync } from 'node:fs';
import { EmbeddedManager, FrontError, managerPlace } from '../embedded-manager.ts';
import { SupervisedDirectory } from './supervised-directory.ts';

const EXIT_WRONG_USAGE = 100;
const EXIT_TROUBLE = 111;
const UNIT = 'service.service';

export async function supervise(words: readonly string[]): Promise<number> {
  const [label] = words;
  if (label === undefined) {
    process.stderr.write('supervise: usage: supervise dir\n');
    return EXIT_WRONG_USAGE;
  }
  const fatal = (why: string): number => {
    process.stderr.write(`supervise: fatal: ${why}\n`);
    return EXIT_TROUBLE;
  };
  if (statSync(label, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return fatal(`unable to chdir to ${label}: ${statSync(label, { throwIfNoEntry: false }) === undefined ? 'file does not exist' : 'not a directory'}`);
  }
  const directory = realpathSync(label);
  try {
    const manager = await EmbeddedManager.open(managerPlace('supervise', directory));
    // The manager has our standard streams, and keeps them when we are killed.
    const stream = (fd: number): string => `append:/proc/${String(manager.pid)}/fd/${String(fd)}`;
    const service = await SupervisedDirectory.open(manager, { unit: UNIT, directory, label, streams: { standardInput: 'null', standardOutput: stream(1), standardError: stream(2) } });
    if (typeof service === 'string') return fatal(service);
    return await new Promise<number>((resolve) => {
      service.onEnd = () => { void manager.shutDown().then(() => { resolve(0); }); };
      void manager.follow(() => { void service.look(); });
      void service.look();
      manager.onLost = () => { resolve(fatal('the manager ended')); };
    });
  } catch (error) {
    if (error instanceof FrontError) return fatal(error.message);
    throw error;
  }
}

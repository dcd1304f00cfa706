/** `heartwood --check-state=MODE`: whether this build could go on with the state of a running manager. The manager asks. */
import { fstatSync, readSync } from 'node:fs';
import { answerQuestion } from '../host/checkpoint/state-question.ts';
import { NEXT_BUILD_CONSENT } from '../host/checkpoint/next-build.ts';
import { hasDevices } from '../host/storage/has-devices.ts';
import { createUnitLoader } from '../host/unit-loader/unit-loader.ts';
import type { BootOptions } from './boot.ts';

/** Prints and ends the process. Standard input is a file, read from its beginning. */
export function checkState(options: BootOptions): never {
  const loader = createUnitLoader({ mode: options.mode === 'user' ? 'user' : 'system', hasDevices: hasDevices(options.mode), directories: options.loadPath.directories, root: '', defaults: options.defaults, specifiers: options.specifiers });
  let why: string | null;
  try {
    const bytes = Buffer.alloc(fstatSync(0).size);
    readSync(0, bytes, 0, bytes.length, 0);
    why = answerQuestion(bytes.toString(), (names) => loader.loadClosure(names, () => undefined));
  } catch (error) {
    why = `the state makes no sense: ${error instanceof Error ? error.message : String(error)}`;
  }
  process.stdout.write(`${why ?? NEXT_BUILD_CONSENT}\n`);
  process.exit(why === null ? 0 : 1);
}

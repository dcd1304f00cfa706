/** The commands of other service managers: each turns what its users wrote into units of a Heartwood manager of its own. */
import { keepServices } from './daemontools/keeper.ts';
import { supervise } from './daemontools/supervise.ts';
import { svscan } from './daemontools/svscan.ts';
import { svscanboot } from './daemontools/svscanboot.ts';
import { updateService } from './daemontools/update-service.ts';
import { importUnits } from './import/import-units.ts';
import { minisv } from './minisv/minisv.ts';
import { onconnect } from './pmtr/onconnect.ts';
import { pmtr } from './pmtr/pmtr.ts';
import { sema } from './sema/sema.ts';
import { keepProgram } from './zdaemon/program-keeper.ts';
import { zdaemon } from './zdaemon/zdaemon.ts';

/** By the name the program was called. Each gets its words and ends with an exit status. */
const COMMANDS: Readonly<Record<string, (words: readonly string[]) => Promise<number>>> = {
  minisv,
  onconnect,
  pmtr,
  sema,
  svscan,
  supervise,
  svscanboot,
  'update-service': updateService,
  zdaemon,
  /** Started by svscan in its manager, not by people. */
  'keep-services': keepServices,
  /** Started by zdaemon in its manager. */
  'keep-program': keepProgram,
  /** Started by `initctl import`. */
  import: importUnits,
};

async function main(): Promise<number> {
  const called = process.env['HEARTWOOD_PROGRAM'] ?? '';
  // Nobody below is to be taken for this program.
  delete process.env['HEARTWOOD_PROGRAM'];
  const words = process.argv.slice(2);
  const named = COMMANDS[called] ?? COMMANDS[words[0] ?? ''];
  if (named !== undefined) return named(COMMANDS[called] === undefined ? words.slice(1) : words);
  process.stderr.write(`front: which command? there are ${Object.keys(COMMANDS).join(', ')}\n`);
  return 2;
}

main().then(
  (status) => { process.exit(status); },
  (error: unknown) => {
    process.stderr.write(`front: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);

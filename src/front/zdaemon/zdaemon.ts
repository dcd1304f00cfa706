/** `zdaemon`: one program, run as a proper daemon. */
import { createInterface } from 'node:readline';
import { FrontError } from '../embedded-manager.ts';
import { complain, Controller, introduction, say } from './controller.ts';
import { readCommandLine, USAGE, UsageError, type CommandLine } from './options.ts';
import { readSettings } from './settings.ts';

declare const HEARTWOOD_VERSION: string | undefined;
const VERSION = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : '(not built)';
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

export async function zdaemon(words: readonly string[]): Promise<number> {
  try {
    const line = readCommandLine(words);
    if (line.only === 'help') {
      process.stdout.write(USAGE);
      return 0;
    }
    if (line.only === 'version') {
      say(`zdaemon of Heartwood ${VERSION}`);
      return 0;
    }
    return await run(line);
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`Error: ${error.message}\nFor help, use zdaemon -h`);
      return EXIT_USAGE;
    }
    if (!(error instanceof FrontError)) throw error;
    complain(`zdaemon: ${error.message}`);
    return EXIT_FAILED;
  }
}

async function run(line: CommandLine): Promise<number> {
  const settings = await readSettings(line);
  if (settings.program.length === 0 && line.words[0] !== 'help') throw new UsageError('no program specified; use -p or -C');
  const controller = new Controller(settings);
  if (line.words.length > 0) {
    if (line.words[0] !== 'help' && line.words[0] !== 'show') await controller.lookForOther();
    const code = await controller.run(line.words);
    if (!line.interactive) return code ?? 0;
  } else if (!settings.defaultToInteractive && !line.interactive) {
    throw new UsageError('no command given; use -i for the prompt');
  }
  await controller.lookForOther();
  say(introduction(settings));
  await controller.run(['status']);
  return ask(controller);
}

/** The prompt: a line, a command; an empty line asks for the status. */
async function ask(controller: Controller): Promise<number> {
  const prompt = `${controller.settings.prompt} `;
  const reader = createInterface({ input: process.stdin, output: process.stdout, prompt, terminal: process.stdin.isTTY && process.stdout.isTTY });
  reader.prompt();
  for await (const line of reader) {
    const words = line.trim().split(/\s+/).filter((word) => word !== '');
    try {
      if (await controller.run(words[0] === '?' ? ['help', ...words.slice(1)] : words) === null) return 0;
    } catch (error) {
      if (!(error instanceof UsageError) && !(error instanceof FrontError)) throw error;
      say(`Error: ${error.message}`);
    }
    reader.prompt();
  }
  say('');
  return 0;
}

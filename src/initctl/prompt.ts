/**
 * The prompt: `initctl` without arguments on a terminal. Verbs as on the command line, with completion and history; Ctrl-C ends a
 * waiting or clears the line, Ctrl-D leaves.
 */
import { createInterface, type Interface } from 'node:readline';
import type { Failure } from '../control/error-codes.ts';
import { runVerb, type Answerer } from './client/command-runner.ts';
import { ManagerConnection } from './client/manager-connection.ts';
import { offlineAnswerer } from './client/offline.ts';
import type { Places } from './client/places.ts';
import { splitLine } from './command-line-words.ts';
import { EXIT } from './exit-status.ts';
import { showConsole } from './prompt-console.ts';
import { completeLine } from './prompt-completion.ts';
import type { Terminal } from './terminal.ts';
import { paint } from './text/style.ts';
import { worksOnFiles, readCommand, runCommand } from './verbs.ts';

export interface PromptOptions {
  readonly places: Places;
  readonly terminal: Terminal;
  /** fd of a pipe with what the system says on its console meanwhile; null: it says nothing, or says it on the terminal itself. */
  readonly consoleFd: number | null;
  /** Leaving the prompt powers the manager off: it is the console of a system started just for it. */
  readonly endsManager: boolean;
}

const HISTORY_LINES = 500;
/** Words that leave, besides Ctrl-D. `exit` is a verb that ends the manager, and stays one. */
const LEAVING: readonly string[] = ['quit', 'logout', 'bye'];
/** How long a manager that powers off may take before the prompt gives up on it. */
const FAREWELL_MSEC = 200_000;

/** @returns the exit status of the whole prompt */
export async function runPrompt(options: PromptOptions): Promise<number> {
  const opened = await ManagerConnection.open(options.places.controlSocket);
  if (typeof opened === 'string') {
    process.stderr.write(`initctl: ${opened}\n`);
    return EXIT.failed;
  }
  const connection = opened;
  const { terminal } = options;
  const readline = createInterface({
    input: process.stdin,
    output: process.stdout,
    historySize: HISTORY_LINES,
    removeHistoryDuplicates: true,
    completer: (line: string, callback: (error: null, result: [string[], string]) => void) => {
      completeLine(line, connection).then((result) => { callback(null, result); }, () => { callback(null, [[], line]); });
    },
  });
  connection.onLost = () => { readline.close(); };
  let typing = false;
  const console = options.consoleFd === null ? null : showConsole(options.consoleFd, process.stdout, () => { if (typing) readline.prompt(true); });
  process.stdout.write(`${paint(terminal, 'strong', 'heartwood')} is ready. "help" lists the verbs, Tab completes, Ctrl-D ${options.endsManager ? 'powers off' : 'leaves'}.\n`);
  readline.setPrompt(paint(terminal, 'good', 'heartwood> '));

  for (;;) {
    typing = true;
    const line = await nextLine(readline);
    typing = false;
    if (line === null) break;
    const words = splitLine(line);
    if (typeof words === 'string') {
      process.stderr.write(`${words}\n`);
      continue;
    }
    const argv = words[0] === 'initctl' || words[0] === 'systemctl' ? words.slice(1) : words;
    if (argv.length === 0) continue;
    if (LEAVING.includes(argv[0] as string)) break;
    if (argv[0] === 'clear') {
      process.stdout.write('\x1b[H\x1b[2J');
      continue;
    }
    await runLine(argv, words[0] === 'systemctl' ? 'systemctl' : 'initctl', readline, connection, options);
    if (connection.isLost) break;
  }
  readline.close();
  if (options.endsManager && !connection.isLost) await powerOff(connection);
  connection.close();
  if (options.endsManager) await console;
  return EXIT.done;
}

async function runLine(argv: readonly string[], program: 'initctl' | 'systemctl', readline: Interface, connection: ManagerConnection, { places, terminal }: PromptOptions): Promise<void> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => { interrupt.abort(); };
  readline.on('SIGINT', onInterrupt);
  const current: Terminal = { ...terminal, columns: process.stdout.columns, rows: process.stdout.rows };
  const command = readCommand({ program, argv, terminal: current, nowUsec: Date.now() * 1000 });
  const answerer = (): Promise<Answerer | Failure> => Promise.resolve(worksOnFiles(command) ? offlineAnswerer({ root: null, user: false }) : connection);
  try {
    const exit = await runVerb(runCommand(command), { answerer, places, terminal: current, stdout: process.stdout, stderr: process.stderr, signal: interrupt.signal, lendInput: () => lendInput(readline) });
    if (exit !== EXIT.done) process.stdout.write(paint(terminal, 'dim', `(exit status ${String(exit)})\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  } finally {
    readline.off('SIGINT', onInterrupt);
  }
}

/** The terminal as any program expects it, until it is taken back. */
function lendInput(readline: Interface): () => void {
  readline.pause();
  process.stdin.setRawMode(false);
  return () => {
    process.stdin.setRawMode(true);
    readline.resume();
  };
}

/** null = the end: Ctrl-D, or the manager is gone. */
function nextLine(readline: Interface): Promise<string | null> {
  return new Promise((resolve) => {
    if ((readline as Interface & { closed?: boolean }).closed === true) {
      resolve(null);
      return;
    }
    const clear = (): void => {
      process.stdout.write('\n');
      // Discards what was typed, as shells do.
      readline.write(null, { ctrl: true, name: 'u' });
      readline.prompt();
    };
    const onLine = (line: string): void => {
      done();
      resolve(line);
    };
    const onClose = (): void => {
      done();
      process.stdout.write('\n');
      resolve(null);
    };
    const done = (): void => {
      readline.off('line', onLine);
      readline.off('close', onClose);
      readline.off('SIGINT', clear);
    };
    readline.once('line', onLine);
    readline.once('close', onClose);
    readline.on('SIGINT', clear);
    readline.prompt();
  });
}

async function powerOff(connection: ManagerConnection): Promise<void> {
  const gone = new Promise<void>((resolve) => { connection.onLost = resolve; });
  const reply = await connection.request('shutdown', { goal: 'poweroff' });
  if (!reply.ok && !connection.isLost) {
    process.stderr.write(`Cannot power off: ${reply.failure.message}\n`);
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([gone, new Promise<void>((resolve) => { timer = setTimeout(resolve, FAREWELL_MSEC); })]);
  clearTimeout(timer);
}

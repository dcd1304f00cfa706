/**
 * initctl in Node: verbs that work on files and logs, the prompt, and everything when the small native client is not used.
 */
import { dirname, join } from 'node:path';
import type { Failure } from '../control/error-codes.ts';
import { callerTerminal } from './caller-terminal.ts';
import { runVerb, type Answerer } from './client/command-runner.ts';
import { ManagerConnection } from './client/manager-connection.ts';
import { offlineAnswerer } from './client/offline.ts';
import { findPlaces } from './client/places.ts';
import { EXIT } from './exit-status.ts';
import { OLD_NAMES, translateOldName, type Translated } from './old-names.ts';
import { hasOption, optionText, parseArguments, type Options } from './options.ts';
import { runPrompt } from './prompt.ts';
import { worksOnFiles, readCommand, runCommand } from './verbs.ts';

function numberOrNull(text: string | undefined): number | null {
  return text === undefined || !/^\d+$/.test(text) ? null : Number(text);
}

/** Verbs whose exit status 4 says that nothing is known: the LSB's "status" action. */
const STATUS_VERBS: readonly string[] = ['status', 'is-active'];

/** What is meant when the program is called by one of the names of old; null = it is not. */
function translate(name: string, argv: readonly string[]): Translated | null {
  if (!OLD_NAMES.includes(name)) return null;
  const now = new Date();
  return translateOldName(name, argv, now.getHours() * 60 + now.getMinutes(), join(dirname(process.argv[1] ?? ''), 'native/initctl'));
}

async function main(): Promise<number> {
  const named = process.env['HEARTWOOD_PROGRAM'] ?? process.argv[1]?.split('/').at(-1);
  const translated = translate(named ?? '', process.argv.slice(2));
  if (translated?.kind === 'end') {
    (translated.exit === EXIT.done ? process.stdout : process.stderr).write(translated.text);
    return translated.exit;
  }
  const program = translated !== null || named === 'systemctl' ? 'systemctl' : 'initctl';
  const argv = translated?.argv ?? process.argv.slice(2);
  const terminal = callerTerminal(process, process.env);
  const parsed = parseArguments(argv, () => ({}));
  const options: Options = typeof parsed === 'string' ? {} : parsed.options;
  const places = findPlaces({ user: hasOption(options, 'user'), socket: optionText(options, 'socket') }, process.env, process.getuid?.() ?? 0);
  const command = readCommand({ program, argv, terminal, nowUsec: Date.now() * 1000 });
  const wantsPrompt = command.kind === 'nothing' ? program === 'initctl' : command.kind === 'verb' && command.verb.name === 'prompt';
  if (wantsPrompt && process.stdin.isTTY && terminal.stdoutTty) {
    return runPrompt({ places, terminal, endsManager: hasOption(options, 'console'), consoleFd: numberOrNull(process.env['HEARTWOOD_CONSOLE_FD']) });
  }

  const interrupt = new AbortController();
  process.on('SIGINT', () => {
    // A second Ctrl-C does not ask anybody.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
  const session: { connection: ManagerConnection | null; noManager: boolean } = { connection: null, noManager: false };
  const answerer = async (): Promise<Answerer | Failure> => {
    const offline = offlineAnswerer({ root: optionText(options, 'root'), user: hasOption(options, 'user'), global: hasOption(options, 'global') });
    if (hasOption(options, 'root') || worksOnFiles(command)) return offline;
    if (session.connection?.isLost === false) return session.connection;
    const opened = await ManagerConnection.open(places.controlSocket);
    if (typeof opened !== 'string') return (session.connection = opened);
    session.noManager = true;
    return offline.withReason(opened);
  };
  const exit = await runVerb(runCommand(command), { answerer, places, terminal, stdout: process.stdout, stderr: process.stderr, signal: interrupt.signal });
  session.connection?.close();
  const word = command.kind === 'verb' ? command.verb.name : '';
  return session.noManager && exit !== EXIT.done && STATUS_VERBS.includes(word) ? EXIT.noSuchUnit : exit;
}

// A reader that has seen enough (`initctl log | head`) is no error.
process.stdout.on('error', () => { process.exit(EXIT.done); });

main().then(
  (status) => { process.exitCode = status; },
  (error: unknown) => {
    process.stderr.write(`initctl: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = EXIT.failed;
  },
);

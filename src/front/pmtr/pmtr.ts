/** `pmtr`: the jobs of one configuration file, kept running; saving the file applies it. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EmbeddedManager, FrontError, managerPlace } from '../embedded-manager.ts';
import { parseConfig, type Config } from './config.ts';
import { JobTable } from './job-table.ts';
import { followOutput } from './job-output.ts';
import { listenForOrders, reportJobs } from './network.ts';
import { logTo } from './syslog.ts';

const HELP = `pmtr [-c FILE] [-p FILE] [-v] [-F] [-t]

  -c FILE  the configuration (/etc/pmtr.conf); an empty one is made when there is none
  -p FILE  write the process id there
  -v       say more; twice: show the words of the configuration
  -F       stay in the foreground
  -t       test the configuration only
`;

/** After a file was written once, more often follows. */
const SETTLE_MSEC = 500;

interface Wishes {
  readonly file: string;
  readonly pidFile: string | null;
  readonly verbose: number;
  readonly foreground: boolean;
  readonly test: boolean;
}

function readWishes(words: readonly string[]): Wishes | 'help' | { readonly wrong: string } {
  let wishes: Wishes = { file: '/etc/pmtr.conf', pidFile: null, verbose: 0, foreground: process.pid === 1, test: false };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!/^-[cpvFth]/.test(word)) return { wrong: `what is "${word}"?` };
    const letter = word[1] as string;
    const after = word.slice(2);
    if (letter === 'h') return 'help';
    if (letter === 'c' || letter === 'p') {
      const value = after === '' ? rest.shift() : after;
      if (value === undefined) return { wrong: `-${letter} takes a file` };
      wishes = letter === 'c' ? { ...wishes, file: value } : { ...wishes, pidFile: value };
      continue;
    }
    if (letter === 'v') wishes = { ...wishes, verbose: wishes.verbose + 1 };
    else if (letter === 'F') wishes = { ...wishes, foreground: true };
    else wishes = { ...wishes, foreground: true, test: true };
    if (after !== '') rest.unshift(`-${after}`);
  }
  return wishes;
}

export async function pmtr(words: readonly string[]): Promise<number> {
  const wishes = readWishes(words);
  if (wishes === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if ('wrong' in wishes) {
    process.stderr.write(`pmtr: ${wishes.wrong}\n${HELP}`);
    return 1;
  }
  if (!existsSync(wishes.file)) writeFileSync(wishes.file, '', { mode: 0o600 });
  const config = readConfig(wishes, (line) => process.stderr.write(`${line}\n`));
  if (wishes.test) return config === null ? 1 : 0;
  if (!wishes.foreground) return goToBackground(words);
  try {
    return await run(wishes, config);
  } catch (error) {
    if (!(error instanceof FrontError)) throw error;
    process.stderr.write(`pmtr: ${error.message}\n`);
    return 1;
  }
}

/** @returns null after the error was told */
function readConfig(wishes: Wishes, say: (line: string) => void): Config | null {
  let text: string;
  try {
    text = readFileSync(wishes.file, 'utf8');
  } catch (error) {
    say(`cannot read ${wishes.file}: ${(error as Error).message}`);
    return null;
  }
  const parsed = parseConfig(text);
  if (!parsed.ok) {
    say(`parse failed: ${wishes.file} line ${String(parsed.line)}: ${parsed.message}`);
    return null;
  }
  if (wishes.verbose > 1) for (const job of parsed.config.jobs) say(`job ${job.name}: ${JSON.stringify(job)}`);
  return parsed.config;
}

/** The same once more, in a session of its own and without our standard streams. */
function goToBackground(words: readonly string[]): number {
  const child = spawn(join(import.meta.dirname, 'native/front'), ['pmtr', '-F', ...words], { detached: true, stdio: 'ignore' });
  child.unref();
  return 0;
}

async function run(wishes: Wishes, first: Config | null): Promise<number> {
  // As pmtr: what jobs create has the permissions they ask for.
  process.umask(0);
  const say = logTo('pmtr');
  const file = realpathSync(wishes.file);
  const manager = await EmbeddedManager.open(managerPlace('pmtr', file));
  if (wishes.pidFile !== null) writeFileSync(wishes.pidFile, `${String(process.pid)}\n`, { mode: 0o644 });
  const table = new JobTable(manager, say);
  const orders = listenForOrders((names, enabled) => table.setEnabled(names, enabled), say);
  const report = reportJobs(() => table.report());
  const apply = async (config: Config): Promise<void> => {
    orders.listen(config.listenOn);
    report.sendTo(config.reportTo);
    await table.apply(config.jobs);
  };
  say('pmtr: starting');
  say(`pmtr: managing ${String(first?.jobs.length ?? 0)} jobs`);
  await manager.follow((unit) => { table.onChange(unit); });
  void followOutput(manager, say);
  if (first !== null) await apply(first);

  let settle: NodeJS.Timeout | undefined;
  const rescan = (): void => {
    say('rescanning job configuration');
    const config = readConfig(wishes, say);
    if (config !== null) void apply(config);
  };
  try {
    // The directory: editors put a new file in the place of the old one.
    watch(dirname(file), (_, name) => {
      if (name !== basename(file)) return;
      clearTimeout(settle);
      settle = setTimeout(rescan, SETTLE_MSEC);
    });
  } catch (error) {
    say(`changes of ${file} will not be noticed (send SIGHUP): ${(error as Error).message}`);
  }
  process.on('SIGHUP', rescan);
  return new Promise((resolve) => {
    let ending = false;
    const end = (status: number): void => {
      if (wishes.pidFile !== null) rmSync(wishes.pidFile, { force: true });
      resolve(status);
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
      process.on(signal, () => {
        if (ending) return;
        ending = true;
        say('pmtr: exiting');
        void manager.shutDown().then(() => { end(0); });
      });
    }
    manager.onLost = () => {
      if (!ending) say('pmtr: the manager ended');
      if (!ending) end(1);
    };
  });
}

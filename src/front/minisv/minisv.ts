/** `minisv`: tasks of a JSON file, kept running and steered over HTTP. */
import { readFileSync, realpathSync } from 'node:fs';
import { EmbeddedManager, FrontError, managerPlace } from '../embedded-manager.ts';
import { ConfigurationProblem, parseConfiguration } from './configuration.ts';
import { Supervisor } from './supervisor.ts';
import { WebServer } from './web-server.ts';

declare const HEARTWOOD_VERSION: string | undefined;
const VERSION = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : '(not built)';
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const HELP = `minisv [-config FILE]

  -config FILE  the configuration, JSON (/etc/minisv.json)
  -version      print the version

Signals: HUP reopens logs, USR1 restarts the HTTP server, TERM and INT stop all tasks and end.
`;

function say(message: string): void {
  process.stderr.write(`minisv: ${message}\n`);
}

export async function minisv(words: readonly string[]): Promise<number> {
  let file = '/etc/minisv.json';
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', , value] = /^--?(\w+)(=([^]*))?$/.exec(word) ?? [];
    if (name === 'version') {
      process.stdout.write(`minisv of Heartwood ${VERSION}\n`);
      return 0;
    }
    if (name === 'help' || name === 'h') {
      process.stdout.write(HELP);
      return 0;
    }
    const given = value ?? rest.shift();
    if (name !== 'config' || given === undefined) {
      process.stderr.write(`minisv: what is "${word}"?\n${HELP}`);
      return EXIT_USAGE;
    }
    file = given;
  }
  try {
    return await run(file);
  } catch (error) {
    if (error instanceof ConfigurationProblem) say(`${file}: ${error.message}`);
    else if (error instanceof FrontError || (error as NodeJS.ErrnoException).code !== undefined) say((error as Error).message);
    else throw error;
    return EXIT_FAILED;
  }
}

async function run(file: string): Promise<number> {
  const configuration = parseConfiguration(readFileSync(file, 'utf8'));
  const path = realpathSync(file);
  const place = managerPlace('minisv', path);
  let manager = await EmbeddedManager.open(place);
  if (await manager.hasServices()) {
    // Of a minisv that was killed: their output goes nowhere any more.
    say('tasks of an earlier life are stopped');
    await manager.shutDown();
    manager = await EmbeddedManager.open(place);
  }
  const supervisor = new Supervisor({ configuration, file: path, manager, warn: say });
  const server = new WebServer(supervisor, say);
  try {
    await server.start();
  } catch (error) {
    await manager.shutDown();
    throw error;
  }
  await supervisor.start();
  return new Promise((resolve) => {
    let ending = false;
    process.on('SIGHUP', () => { supervisor.rotate(); });
    process.on('SIGUSR1', () => {
      server.restart().then(() => { say('the HTTP server was restarted'); }, (error: unknown) => { say(`the HTTP server is down: ${(error as Error).message}`); });
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (ending) return;
        ending = true;
        void server.stop().then(() => supervisor.shutDown()).then(() => { resolve(0); });
      });
    }
    manager.onLost = () => {
      if (ending) return;
      say('the manager ended');
      resolve(EXIT_FAILED);
    };
  });
}

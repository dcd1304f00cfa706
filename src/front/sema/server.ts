/** sema's server: a scripted unit for each script that is loaded, in a manager of its own. */
import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { askScript } from '../../script/call-socket.ts';
import { EmbeddedManager, managerPlace } from '../embedded-manager.ts';
import { encodeMessage, MessageError, MessageReader } from './message.ts';
import { scriptOfUnit, scriptUnitText } from './script-unit.ts';

const DEFAULT_COMMAND = 'status';
/** Older clients say it with a zero byte. */
const NO_SCRIPT: readonly string[] = ['', '\0'];
const SIGKILL = 9;

interface LoadedScript {
  readonly unit: string;
  /** Where the script takes commands. */
  readonly socket: string;
  /** Resolves with null when it runs, or why it does not. */
  readonly started: Promise<string | null>;
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
  readonly onEnd: () => void;
}

export class SemaServer {
  /** The manager, once it is there. */
  #opened: Promise<EmbeddedManager> | null = null;
  readonly #server: Server;
  readonly #socketPath: string;
  readonly #quitsWhenIdle: boolean;
  readonly #scripts = new Map<string, LoadedScript>();
  readonly #clients = new Set<Socket>();
  #finish: () => void = () => undefined;
  #ending = false;

  /** @param quitsWhenIdle ends when no script is loaded and no client connected */
  constructor(server: Server, options: { readonly socketPath: string; readonly quitsWhenIdle: boolean }) {
    this.#server = server;
    this.#socketPath = options.socketPath;
    this.#quitsWhenIdle = options.quitsWhenIdle;
  }

  /** Resolves when the server has ended, with all scripts. */
  async run(): Promise<void> {
    const ended = new Promise<void>((resolve) => { this.#finish = resolve; });
    // First of all: who connects while the manager starts waits for it.
    this.#server.on('connection', (socket) => { this.#serve(socket); });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { void this.#shutDown(); });
    await this.#open();
    await ended;
  }

  #open(): Promise<EmbeddedManager> {
    this.#opened ??= (async () => {
      const manager = await EmbeddedManager.open(managerPlace('sema', this.#socketPath));
      await manager.follow((unit) => { void this.#onChange(manager, unit); });
      manager.onLost = () => { this.#end(); };
      await this.#takeOver(manager);
      return manager;
    })();
    return this.#opened;
  }

  /** Scripts that a server before left running. */
  async #takeOver(manager: EmbeddedManager): Promise<void> {
    for (const unit of readdirSync(join(manager.place, 'units'))) {
      const path = scriptOfUnit(readFileSync(join(manager.place, 'units', unit), 'utf8'));
      if (path === null) continue;
      this.#scripts.set(path, this.#entry(manager, unit, Promise.resolve(null)));
      await this.#onChange(manager, unit);
    }
  }

  #serve(socket: Socket): void {
    const reader = new MessageReader();
    let asked = false;
    this.#clients.add(socket);
    socket.on('error', () => { socket.destroy(); });
    socket.on('close', () => {
      this.#clients.delete(socket);
      this.#quitIfIdle();
    });
    const reply = (...fields: readonly string[]): void => {
      socket.write(encodeMessage(fields));
      if (fields[0] === 'OK' || fields[0] === 'ERROR') socket.end();
    };
    socket.on('data', (chunk: Buffer) => {
      if (asked) return;
      try {
        const [message] = reader.push(chunk);
        if (message === undefined) return;
        asked = true;
        void this.#obey(message, reply);
      } catch (error) {
        if (!(error instanceof MessageError)) throw error;
        asked = true;
        reply('ERROR', error.message);
      }
    });
  }

  async #obey(message: readonly string[], reply: (...fields: readonly string[]) => void): Promise<void> {
    const [script = '', command = DEFAULT_COMMAND, ...words] = message;
    if (message.length === 0) reply('ERROR', 'a request is a script and a command');
    else if (NO_SCRIPT.includes(script) && command === 'ls') await this.#list(reply);
    else if (NO_SCRIPT.includes(script) && command === 'killScript') await this.#kill(words[0] ?? '', reply);
    else if (NO_SCRIPT.includes(script)) reply('ERROR', `the server has no command ${command}`);
    else await this.#command(script, command, words, reply);
  }

  async #command(path: string, command: string, words: readonly string[], reply: (...fields: readonly string[]) => void): Promise<void> {
    if (!path.startsWith('/')) {
      reply('ERROR', `${path} is no absolute path`);
      return;
    }
    const manager = await this.#open();
    const script = this.#scripts.get(path) ?? this.#load(manager, path, command !== 'down');
    const problem = await script.started;
    if (problem !== null) {
      reply('ERROR', problem);
      return;
    }
    const error = await askScript(script.socket, { command, words }, (answer) => {
      if ('reply' in answer) reply('STATUS', ...answer.reply);
      else if ('error' in answer) reply('ERROR', answer.error);
      else reply('OK', 'Done.');
    });
    if (error !== null) reply('ERROR', `${path}: ${error.message}`);
  }

  #entry(manager: EmbeddedManager, unit: string, started: Promise<string | null>): LoadedScript {
    let onEnd = (): void => undefined;
    const ended = new Promise<void>((resolve) => { onEnd = resolve; });
    return { unit, socket: join(manager.place, `${unit}.call`), started, ended, onEnd };
  }

  #load(manager: EmbeddedManager, path: string, up: boolean): LoadedScript {
    const unit = `sema-${createHash('sha256').update(path).digest('hex').slice(0, 16)}.service`;
    const script = this.#entry(manager, unit, Promise.resolve().then(() => this.#start(manager, path, unit, up)));
    this.#scripts.set(path, script);
    void script.started.then(() => this.#onChange(manager, unit));
    return script;
  }

  /** @returns null, or why the script does not run */
  async #start(manager: EmbeddedManager, path: string, unit: string, up: boolean): Promise<string | null> {
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      this.#forget(path);
      return `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? ''}`;
    }
    await manager.setUnits(new Map([[unit, scriptUnitText({ path, socket: join(manager.place, `${unit}.call`), up, managerPid: manager.pid })]]));
    const failure = await manager.start(unit);
    if (failure === null) return null;
    const said = await manager.statusText(unit);
    return said === '' ? failure : said;
  }

  /** A script whose unit is down is loaded no more. */
  async #onChange(manager: EmbeddedManager, unit: string): Promise<void> {
    const found = [...this.#scripts].find(([, script]) => script.unit === unit);
    if (found === undefined) return;
    const [path, script] = found;
    const state = await manager.state(unit);
    if (state === null || (state.active !== 'inactive' && state.active !== 'failed')) return;
    // Before its start it is down, too.
    if (state.exitCode === 0 && state.active === 'inactive') return;
    await script.started;
    if (this.#scripts.get(path) !== script) return;
    this.#forget(path);
    await manager.resetFailed(unit);
    await manager.setUnits(new Map([[unit, null]]));
    rmSync(script.socket, { force: true });
    script.onEnd();
    this.#quitIfIdle();
  }

  #forget(path: string): void {
    this.#scripts.delete(path);
  }

  async #list(reply: (...fields: readonly string[]) => void): Promise<void> {
    await this.#open();
    for (const [path, script] of [...this.#scripts]) {
      reply('SCRIPT', path);
      await askScript(script.socket, { list: true }, (answer) => {
        if ('children' in answer) for (const pid of answer.children) reply('PID', String(pid));
      });
    }
    reply('OK', 'Done.');
  }

  async #kill(path: string, reply: (...fields: readonly string[]) => void): Promise<void> {
    const manager = await this.#open();
    const script = this.#scripts.get(path);
    if (script !== undefined) {
      await manager.signalAll(script.unit, SIGKILL);
      await script.ended;
      reply('KILLED', path);
    }
    reply('OK', 'Done.');
  }

  #quitIfIdle(): void {
    if (this.#quitsWhenIdle && this.#clients.size === 0 && this.#scripts.size === 0) void this.#shutDown();
  }

  async #shutDown(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    // Nobody is to find a server that has begun to end.
    rmSync(this.#socketPath, { force: true });
    this.#server.close();
    await (await this.#open()).shutDown();
    this.#end();
  }

  #end(): void {
    if (!this.#ending) rmSync(this.#socketPath, { force: true });
    this.#finish();
  }
}

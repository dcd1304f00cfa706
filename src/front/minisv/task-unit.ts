/** The unit that one instance of a task becomes. */
import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandLine, environmentLines, ownEnvironment, plainValue, unitNamePart } from '../unit-text.ts';
import type { LimitDefinition, TaskDefinition } from './configuration.ts';

/** Without a pause a program that ends at once would keep a processor busy with nothing else. */
const SHORTEST_PAUSE = '100ms';
/** Zero would mean never. */
const SHORTEST_WAIT = '1ms';

/** @param instance from 1; a graceful restart has two at a time */
export function instanceName(task: string, instance: number): string {
  return `${unitNamePart(task)}.${String(instance)}.service`;
}

/** The absolute path of the program; null when there is none. */
export function findCommand({ command, workdir }: TaskDefinition): string | null {
  const places = command.includes('/') ? [resolve(workdir ?? '.', command)] : (process.env['PATH'] ?? '/usr/bin:/bin').split(':').map((directory) => join(directory, command));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  }) ?? null;
}

export interface Instance {
  readonly task: string;
  readonly definition: TaskDefinition;
  /** Absolute. */
  readonly path: string;
  /** The FIFO of the task's log. */
  readonly fifo: string;
  /** A file, or null. */
  readonly input: string | null;
  readonly limits: readonly LimitDefinition[];
}

export function instanceUnitText({ task, definition, path, fifo, input, limits }: Instance): string {
  const { command, args, workdir, wait, restartPause, oneTime } = definition;
  const lines = [
    '[Unit]', `Description=${plainValue(task)}`, 'DefaultDependencies=no', 'StartLimitIntervalSec=0',
    '[Service]', `ExecStart=${commandLine(path, [command, ...args])}`, `WorkingDirectory=${plainValue(resolve(workdir ?? '.'))}`,
    `Restart=${oneTime ? 'no' : 'always'}`, `RestartSec=${restartPause === 0 ? SHORTEST_PAUSE : String(restartPause)}`,
    'KillMode=mixed', `TimeoutStopSec=${wait === 0 ? SHORTEST_WAIT : String(wait)}`, 'IgnoreSIGPIPE=no',
    `StandardInput=${input === null ? 'null' : `file:${plainValue(input)}`}`, `StandardOutput=file:${plainValue(fifo)}`, `StandardError=file:${plainValue(fifo)}`,
    ...environmentLines(ownEnvironment()), ...limits.map(({ name, cur, max }) => `Limit${name}=${String(cur)}:${String(max)}`),
  ];
  return `${lines.join('\n')}\n`;
}

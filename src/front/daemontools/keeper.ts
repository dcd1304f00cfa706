/**
 * The process that supervises what `svscan` found: a service of the embedded manager, so that services and supervision outlive svscan.
 * It scans as long as svscan lives, and ends with the manager when nothing is left to supervise.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedManager } from '../embedded-manager.ts';
import { unitNamePart } from '../unit-text.ts';
import { scanServices, type FoundService } from './scan.ts';
import { SupervisedDirectory } from './supervised-directory.ts';

const SCAN_INTERVAL_MSEC = 5_000;

interface Kept {
  service: SupervisedDirectory | null;
  log: SupervisedDirectory | null;
}

/** @param words the manager's place and the scan directory */
export async function keepServices(words: readonly string[]): Promise<number> {
  const [place, directory] = words;
  if (place === undefined || directory === undefined) return 2;
  const manager = await EmbeddedManager.open(place);
  const kept = new Map<string, Kept>();
  const units = new Map<string, SupervisedDirectory>();
  const warn = (why: string): void => { process.stderr.write(`svscan: warning: ${why}\n`); };
  const ours = (fd: number): string => `append:/proc/${String(manager.pid)}/fd/${String(fd)}`;
  await manager.follow((unit) => { void units.get(unit)?.look(); });

  const open = async (found: FoundService, part: 'service' | 'log', held: Kept): Promise<void> => {
    if (held[part] !== null) return;
    const name = unitNamePart(found.name);
    const pipe = found.hasLog ? `file:${pipeBetween(place, name)}` : null;
    const label = part === 'log' ? `${found.name}/log` : found.name;
    const opened = await SupervisedDirectory.open(manager, {
      unit: part === 'log' ? `${name}-log.service` : `${name}.service`,
      directory: realpathSync(join(directory, label)),
      label,
      streams: part === 'log'
        ? { standardInput: pipe ?? 'null', standardOutput: ours(1), standardError: ours(2) }
        : { standardInput: 'null', standardOutput: pipe ?? ours(1), standardError: ours(2) },
    });
    if (typeof opened === 'string') {
      process.stderr.write(`supervise: fatal: ${opened}\n`);
      return;
    }
    held[part] = opened;
    units.set(opened.unit, opened);
    opened.onEnd = () => {
      held[part] = null;
      units.delete(opened.unit);
    };
    // What happened while it was not yet among the units.
    await opened.look();
  };

  for (;;) {
    if (svscanLives(place)) {
      const { services, warnings } = scanServices(directory);
      warnings.forEach(warn);
      for (const found of services) {
        const held = kept.get(found.identity) ?? { service: null, log: null };
        kept.set(found.identity, held);
        if (found.hasLog) await open(found, 'log', held);
        await open(found, 'service', held);
      }
    } else if (units.size === 0) {
      await manager.shutDown();
      return 0;
    }
    await sleep(SCAN_INTERVAL_MSEC);
  }
}

/** Held for as long as this process lives: neither side of it ever sees an end, and what was written waits for the next reader. */
const pipes = new Map<string, number>();

function pipeBetween(place: string, name: string): string {
  const path = join(place, `${name}.pipe`);
  if (!existsSync(path)) spawnSync('mkfifo', ['-m', '600', path], { stdio: 'inherit' });
  if (!pipes.has(path)) pipes.set(path, openSync(path, 'r+'));
  return path;
}

/** Process id and start time of the svscan that wants scans, as it wrote them down. */
function svscanLives(place: string): boolean {
  try {
    const [pid = '', started = ''] = readFileSync(join(place, 'svscan'), 'utf8').trim().split(' ');
    return startTime(Number(pid)) === started;
  } catch {
    return false;
  }
}

/** The kernel's start time of a process, which tells two of the same number apart; null when it does not live. Source: proc(5), `stat`. */
export function startTime(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** The machine in one line, so that a table carries what its absolute times hold for. */
export function describeMachine(now: Date): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGib = Math.round(totalmem() / 2 ** 30);
  return [
    `${availableParallelism()} cores (${model}), ${memoryGib} GiB`,
    `Linux ${release()}`,
    distribution(),
    `Node ${process.versions.node}`,
    now.toISOString().slice(0, 10),
    `load average at the start ${loadavg()[0]?.toFixed(2) ?? '?'}`,
  ].join(', ');
}

function distribution(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'unknown distribution';
}

/**
 * What a soft-reboot leaves to the life that follows: which services go on, which fds are kept for whom, and the pipes of their logs.
 *
 * It lies in a memfd whose number travels in the environment, with the fds at their numbers beside it. The checkpoint is another thing: that
 * one continues a life, and this one begins anew.
 */
import { valuesOf } from '../../base/persistent-map.ts';
import type { Fd } from '../../base/brand.ts';
import { rememberUnits, type Remembered } from '../../core/manager/soft-reboot.ts';
import type { ManagerState } from '../../core/manager/state.ts';
import type { NativeBinding } from '../native.ts';
import type { CheckpointMemory } from './checkpoint-memory.ts';
import type { KeptFd } from './kept-fds.ts';

const VARIABLE = 'HEARTWOOD_LEGACY';
/** Some hundred bytes for each service and each fd. */
const BYTES_MAX = 16 << 20;

export interface Legacy extends Remembered {
  readonly fds: readonly (readonly [Fd, KeptFd])[];
}

/** At the end of a life. `memory` knows the fds; null: there are no kept ones. */
export function gatherLegacy(state: ManagerState, memory: CheckpointMemory | null): Legacy {
  const remembered = rememberUnits(valuesOf(state.units));
  const services = new Set<string>(remembered.services.map(({ unit }) => unit));
  const stored = new Set(remembered.stores.flatMap(({ fds }) => fds));
  const all = (memory?.kept() ?? []).map(([fd, text]) => [fd, JSON.parse(text) as KeptFd] as const);
  const streams = new Set(all.flatMap(([, kept]) => (kept.is === 'log-read' && services.has(kept.origin.unit) ? [kept.origin.stream] : [])));
  const fds = all.filter(([, kept]) => {
    switch (kept.is) {
      case 'named': return stored.has(kept.name);
      case 'log-read': return streams.has(kept.origin.stream);
      case 'log-write': return streams.has(kept.stream);
      default: return false;
    }
  });
  return { ...remembered, fds };
}

/**
 * Writes it down for the program that is executed next.
 *
 * @returns the variable that program has to be given and the fds that must stay open; or why it cannot be
 */
export function bequeath(native: NativeBinding, legacy: Legacy): { readonly variable: string; readonly keep: readonly Fd[] } | { readonly error: string } {
  const fd = native.memfd('legacy');
  if (typeof fd === 'string') return { error: fd };
  const bytes = Buffer.from(JSON.stringify(legacy));
  const written = native.write(fd, bytes);
  if (written !== bytes.length) return { error: String(written) };
  return { variable: `${VARIABLE}=${String(fd)}`, keep: [fd, ...legacy.fds.map(([each]) => each)] };
}

/** What the life before has left; null when there was none, or it did not end in a soft-reboot. The variable is taken out of the environment. */
export function inheritLegacy(native: NativeBinding, environment: Record<string, string | undefined>): Legacy | null {
  const given = environment[VARIABLE];
  // Nobody else is to see it, services least of all.
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- process.env has no other way to unset
  delete environment[VARIABLE];
  if (given === undefined || !/^[1-9][0-9]*$/.test(given)) return null;
  const text = native.readSmallFile(`/proc/self/fd/${given}`, BYTES_MAX);
  native.close(Number(given) as Fd);
  try {
    const legacy = JSON.parse(text) as Legacy;
    // They were opened up for the execve; services must not inherit them.
    for (const [fd] of legacy.fds) native.setCloexec(fd, true);
    return legacy;
  } catch {
    return null;
  }
}

/**
 * One world as plain data: unit files, what programs do, what is asked of the manager, and which faults there are. The same scenario is
 * the same life, always; so a scenario that breaks a law can be made smaller, kept in a file, and run again.
 */
import type { Script } from './process-table.ts';
import type { FaultWeights } from './faults.ts';

/** Something from outside. `afterUsec`: since the action before it. */
export type Action = { readonly afterUsec: number } & (
  | { readonly act: 'start' | 'stop' | 'restart' | 'try-restart' | 'reload' | 'reload-or-restart'; readonly unit: string; readonly mode: 'replace' | 'fail' | 'isolate' | 'ignore-dependencies' | 'replace-irreversibly' }
  | { readonly act: 'reset-failed' | 'cancel' | 'daemon-reload' }
  /** Signals the unit's processes by request; with `whom` main, the main one. */
  | { readonly act: 'signal-unit'; readonly unit: string; readonly whom: 'all' | 'main'; readonly signal: number }
  /** The process that comes `nth` among all, ends by a signal that nobody asked the manager for. */
  | { readonly act: 'kill'; readonly nth: number; readonly signal: number }
  | { readonly act: 'step-wall-clock'; readonly byUsec: number }
  /** Somebody connects to the socket, or writes to it. */
  | { readonly act: 'connect'; readonly unit: string; readonly source: string }
  /** A file that units watch appears or is written to; or it goes. */
  | { readonly act: 'touch' | 'remove'; readonly path: string }
  /** Somebody mounts or unmounts by hand what a mount unit is about, or pages to or no longer pages to what a swap unit is about. */
  | { readonly act: 'take-into-use' | 'take-out-of-use'; readonly unit: string }
  /** Somebody goes to the place of an automount unit, or takes its autofs away. */
  | { readonly act: 'visit' | 'take-autofs'; readonly unit: string }
  /** All processes of the unit stand still, or go on. */
  | { readonly act: 'freeze' | 'thaw'; readonly unit: string }
  /** A unit file is written; null removes it. It counts after a daemon-reload. */
  | { readonly act: 'write'; readonly file: string; readonly text: string | null }
  | { readonly act: 'shutdown' }
);

/**
 * Whether the unit may leave processes behind on purpose (KillMode= and SendSIGKILL= of its file, at any time), and so start its main
 * process beside a former one.
 */
export function mayLeaveProcesses(scenario: Scenario, unit: string): boolean {
  const texts = [scenario.files[unit] ?? '', ...scenario.actions.map((action) => (action.act === 'write' && action.file === unit ? action.text ?? '' : ''))];
  return texts.some((text) => /^(KillMode=(none|process|mixed)|SendSIGKILL=no)$/m.test(text));
}

export interface Scenario {
  /** Of the faults' dice and of the manager's own random numbers. */
  readonly seed: number;
  /** File name to content. */
  readonly files: Readonly<Record<string, string>>;
  /** What a program does on its first run, its second, and so on; after the last it begins anew. By path. */
  readonly programs: Readonly<Record<string, readonly Script[]>>;
  readonly faults: FaultWeights;
  readonly actions: readonly Action[];
}

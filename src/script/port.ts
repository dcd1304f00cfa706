/**
 * What a script and its host say to each other. The script runs in a worker thread, which may loop for ever or run out of memory; children,
 * pipes and latched events belong to the host, so they outlive the worker when the script is loaded anew.
 */

/** One end of a pipe, or a socket the unit was activated with, as a script hands it to a child. */
export type StreamRef =
  | { readonly pipe: string; readonly end: 'input' | 'output' }
  | { readonly listener: string };

/** A program to run, and with what. Two equal ones are the same child to a script that was loaded anew. */
export interface ChildSpec {
  readonly argv: readonly string[];
  readonly stdin: StreamRef | null;
  readonly stdout: StreamRef | null;
  readonly stderr: StreamRef | null;
  /** More descriptors, from 3. */
  readonly fds: readonly (readonly [number, StreamRef])[];
  /** Absolute. */
  readonly directory: string;
  /** Name or uid; null = the host's own. */
  readonly user: string | number | null;
  /** Added to the host's environment. */
  readonly environment: Readonly<Record<string, string>>;
}

export type ScriptLanguage = 'javascript' | 'typescript' | 'lua';

/** What a worker is started with. */
export interface ScriptStart {
  /** Absolute path, as given: links are not followed. */
  readonly file: string;
  readonly text: string;
  readonly language: ScriptLanguage;
  /** Events that are set, `up` among them unless the script is to stay down. */
  readonly latched: readonly string[];
}

/** From the worker. Numbers called `id` are chosen by it and are answered with the same number. */
export type FromScript =
  /** The text was understood; nothing of it has run yet. */
  | { readonly kind: 'loaded' }
  /** The main thread waits for the first time: commands may come. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'spawn'; readonly id: number; readonly spec: ChildSpec }
  | { readonly kind: 'signal'; readonly id: number; readonly signal: string }
  | { readonly kind: 'pipe'; readonly name: string }
  /** One character a byte. */
  | { readonly kind: 'write'; readonly id: number; readonly pipe: string; readonly bytes: string }
  | { readonly kind: 'latch'; readonly event: string; readonly on: boolean }
  | { readonly kind: 'watch'; readonly id: number; readonly path: string }
  | { readonly kind: 'unit'; readonly id: number; readonly verb: UnitVerb; readonly unit: string }
  | { readonly kind: 'reply'; readonly call: number; readonly fields: readonly string[] }
  | { readonly kind: 'returned'; readonly call: number; readonly error: string | null }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'pong' }
  /** The main thread is over, or nothing of the script could run. */
  | { readonly kind: 'ended'; readonly error: string | null };

export type UnitVerb = 'start' | 'stop' | 'restart' | 'state';

/** To the worker. */
export type ToScript =
  | { readonly kind: 'go' }
  | { readonly kind: 'exit'; readonly id: number; readonly status: number }
  /** A write, a watched file or a request about a unit came to its end. */
  | { readonly kind: 'done'; readonly id: number; readonly error: string | null; readonly value: string }
  | { readonly kind: 'call'; readonly call: number; readonly command: string; readonly words: readonly string[] }
  | { readonly kind: 'ping' };

/** Signals a script can name, as in kill(1) without SIG. */
export const SCRIPT_SIGNALS = ['ALRM', 'CHLD', 'CONT', 'HUP', 'INT', 'KILL', 'PIPE', 'QUIT', 'STOP', 'TERM', 'USR1', 'USR2', 'WINCH'] as const;

/** How a script says who it is for: `.sema` and `.lua`, or a first line that names one of them, mean Lua. */
export function languageOf(file: string, text: string): ScriptLanguage {
  if (/\.(?:sema|lua)$/.test(file)) return 'lua';
  if (/\.[cm]?ts$/.test(file)) return 'typescript';
  if (/\.[cm]?js$/.test(file)) return 'javascript';
  return /^#!.*(?:sema|lua)/.test(text) ? 'lua' : 'javascript';
}

/** What `attach` and `run --pty` share: the caller's terminal becomes that of a service with Terminal=yes. */
import { DEFAULT_DETACH_KEYS, parseDetachKeys, showDetachKeys } from './detach-keys.ts';
import { hasOption, optionText } from './options.ts';
import { complain, request, type Invocation, type Reply, type TerminalSession, type VerbRun } from './verb.ts';

/** What the unit that keeps the terminal makes: src/core/unit-file/terminal-service.ts. */
const TTY = /^(.*\/heartwood-terminal\/.*)\/tty$/;

export interface UnitTerminal {
  readonly loadState: string;
  readonly activeState: string;
  /** Where clients join; null when the service has no terminal of its own. */
  readonly socket: string | null;
}

/** Source of the values: properties of `show`. */
export function* findTerminal(unit: string): VerbRun<Extract<Reply<'show'>, { readonly ok: false }> | { readonly ok: true; readonly value: UnitTerminal }> {
  const reply = yield* request('show', { units: [unit], properties: ['LoadState', 'ActiveState', 'StandardInput', 'TTYPath'] });
  if (!reply.ok) return reply;
  const properties = reply.value.units[0]?.properties ?? {};
  const word = (name: string): string => properties[name] ?? '';
  const directory = word('StandardInput') === 'tty' ? TTY.exec(word('TTYPath'))?.[1] : undefined;
  return { ok: true, value: { loadState: word('LoadState'), activeState: word('ActiveState'), socket: directory === undefined ? null : `${directory}/socket` } };
}

/** The keys that leave the terminal, or a sentence about what is wrong with --detach-keys=. */
export function detachKeysOf(call: Invocation): { readonly keys: string } | string {
  const text = optionText(call.options, 'detach-keys');
  const keys = text === null ? DEFAULT_DETACH_KEYS : parseDetachKeys(text);
  return keys === null ? `--detach-keys=${text ?? ''}: keys are written as ^] or ^P^Q, or none` : { keys };
}

/**
 * Carries bytes until the service has ended or the keys were typed.
 *
 * @param awaitsEnd whether it is to be known how the service ended
 */
export function* joinTerminal(call: Invocation, { unit, socket, keys, awaitsEnd }: { readonly unit: string; readonly socket: string; readonly keys: string; readonly awaitsEnd: boolean }): VerbRun<TerminalSession> {
  if (!hasOption(call.options, 'quiet') && call.terminal.stderrTty) {
    yield* complain(keys === '' ? `Joined ${unit}.` : `Joined ${unit}; ${showDetachKeys(keys)} within a second leaves it.`);
  }
  return (yield { step: 'join-terminal', unit, socket, keys, awaitsEnd }) as TerminalSession;
}

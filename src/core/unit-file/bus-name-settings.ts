/**
 * Type=dbus: the service is up when its name on the bus has an owner, and goes down when the name has lost it. The manager speaks no D-Bus:
 * a small program that comes with Heartwood waits for either, as the command of a probe would.
 */
import { seconds } from '../../base/time.ts';
import type { Probe, ProbeKind } from '../unit/probe.ts';
import type { NotEffective, Origin } from '../unit/source.ts';
import { entriesFor, originOf, type SettingReader } from './setting-reader.ts';
import { parseExecCommands } from './value/exec-command.ts';
import { ok } from '../../base/result.ts';

/** Comes with Heartwood and is found by its name alone. It is no part of the service, and not confined as that is. */
const PROGRAM = '+heartwood-bus-name';

/** A bus that does not answer is tried again so often. */
const RETRY = seconds(1);
/** The program waits by itself; it is started anew once in a while, in case it waits for a bus that nobody serves any more. */
const AWAIT = seconds(60);
const WATCH = seconds(3600);

/** @param scope whose bus it is */
export function busProbes(reader: SettingReader, busName: string, scope: 'system' | 'user'): readonly Probe[] {
  const entry = entriesFor(reader, 'BusName').at(-1);
  if (entry === undefined) return [];
  const session = scope === 'user' ? ' --session' : '';
  const probe = (kind: ProbeKind, word: 'await' | 'lose', timeoutUsec: Probe['timeoutUsec']): readonly Probe[] => {
    const [command] = parseExecCommands(`${PROGRAM}${session} ${word} ${busName}`, originOf(entry), ok).commands;
    return command === undefined ? [] : [{ kind, check: { kind: 'exec', command }, text: busName, intervalUsec: RETRY, timeoutUsec, failures: 0, successes: 1 }];
  };
  return [...probe('bus-name', 'await', AWAIT), ...probe('bus-loss', 'lose', WATCH)];
}

/** A machine without a bus: the service counts as started when it runs, and its name is not waited for. */
export function busIsMissing(reader: SettingReader, busName: string): NotEffective {
  const entry = entriesFor(reader, 'BusName').at(-1);
  const origin: Origin = entry === undefined ? { file: '', line: 0 } : originOf(entry);
  return { directive: 'BusName', requested: busName, why: 'no-bus', origin };
}

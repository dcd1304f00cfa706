import type { Signal } from '../../base/brand.ts';
import type { KillContext } from '../unit/exec-context.ts';
import {
  applyReaders, oneOf, readScalar, type FieldReader, type Mutable, type SettingReader,
} from './setting-reader.ts';
import { parseBoolean } from './value/number.ts';
import { parseSignal } from './value/signal.ts';
import { SIGABRT, SIGKILL, SIGTERM } from '../../base/signals.ts';

const parseKillMode = oneOf<KillContext['killMode']>('control-group', 'mixed', 'process', 'none');

const DEFAULT_KILL: KillContext = {
  killMode: 'control-group', killSignal: SIGTERM, restartKillSignal: null, sendSighup: false, sendSigkill: true,
  finalKillSignal: SIGKILL, watchdogSignal: SIGABRT,
};

const READERS: ReadonlyMap<string, FieldReader<KillContext, null>> = new Map<string, FieldReader<KillContext, null>>([
  ['KillMode', (kill, reader) => { kill.killMode = readScalar<KillContext['killMode']>(reader, 'KillMode', parseKillMode, 'control-group', 'resets'); }],
  ['KillSignal', (kill, reader) => { kill.killSignal = readScalar(reader, 'KillSignal', parseSignal, SIGTERM); }],
  ['RestartKillSignal', (kill, reader) => { kill.restartKillSignal = readScalar<Signal | null>(reader, 'RestartKillSignal', parseSignal, null); }],
  ['SendSIGHUP', (kill, reader) => { kill.sendSighup = readScalar(reader, 'SendSIGHUP', parseBoolean, false); }],
  ['SendSIGKILL', (kill, reader) => { kill.sendSigkill = readScalar(reader, 'SendSIGKILL', parseBoolean, true); }],
  ['FinalKillSignal', (kill, reader) => { kill.finalKillSignal = readScalar(reader, 'FinalKillSignal', parseSignal, SIGKILL); }],
  ['WatchdogSignal', (kill, reader) => { kill.watchdogSignal = readScalar(reader, 'WatchdogSignal', parseSignal, SIGABRT); }],
]);

/** The settings of systemd.kill(5). Units that set none share one object. */
export function readKillContext(reader: SettingReader): KillContext {
  if (!reader.pages.has('systemd.kill(5)')) return DEFAULT_KILL;
  const kill: Mutable<KillContext> = { ...DEFAULT_KILL };
  applyReaders(kill, READERS, reader, null);
  return kill;
}

import type { Signal } from '../../base/brand.ts';
import type { KillContext } from '../unit/definition.ts';
import { oneOf, readScalar, type SettingReader } from './setting-reader.ts';
import { parseBoolean } from './value/number.ts';
import { parseSignal } from './value/signal.ts';

const SIGKILL = 9 as Signal;
const SIGTERM = 15 as Signal;
const SIGABRT = 6 as Signal;

const parseKillMode = oneOf<KillContext['killMode']>('control-group', 'mixed', 'process', 'none');

/** The settings of systemd.kill(5). */
export function readKillContext(reader: SettingReader): KillContext {
  return {
    killMode: readScalar<KillContext['killMode']>(reader, 'KillMode', parseKillMode, 'control-group', 'is-bad'),
    killSignal: readScalar(reader, 'KillSignal', parseSignal, SIGTERM, 'is-bad'),
    restartKillSignal: readScalar<Signal | null>(reader, 'RestartKillSignal', parseSignal, null, 'is-bad'),
    sendSighup: readScalar(reader, 'SendSIGHUP', parseBoolean, false, 'is-bad'),
    sendSigkill: readScalar(reader, 'SendSIGKILL', parseBoolean, true, 'is-bad'),
    finalKillSignal: readScalar(reader, 'FinalKillSignal', parseSignal, SIGKILL, 'is-bad'),
    watchdogSignal: readScalar(reader, 'WatchdogSignal', parseSignal, SIGABRT, 'is-bad'),
  };
}

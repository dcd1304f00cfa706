/** Settings of our own that decide when a service that ended starts again. */
import type { Usec } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { PLAIN_PACING, type RestartPacing } from '../unit/restart-pacing.ts';
import { entriesFor, readScalar, type SettingReader } from './setting-reader.ts';
import { parseDelay, parseSpan } from './time-setting.ts';
import { parseBoolean, parseUnsigned } from './value/number.ts';

/** A number of restarts, or null for `infinity`. */
function parseLimit(text: string): Result<number | null> {
  if (text === 'infinity') return ok(null);
  const limit = parseUnsigned(text);
  return limit.ok ? limit : problem(`'${text.slice(0, 80)}' is neither a number of restarts nor infinity`);
}

export function readRestartPacing(reader: SettingReader): RestartPacing {
  const pacing: RestartPacing = {
    stepUsec: readScalar(reader, 'RestartStepSec', parseDelay, PLAIN_PACING.stepUsec),
    stableDelayUsec: readScalar<Usec | null>(reader, 'RestartStableDelaySec', parseDelay, null),
    spacingUsec: readScalar(reader, 'RestartSpacingSec', parseDelay, PLAIN_PACING.spacingUsec),
    limit: readScalar<number | null>(reader, 'RestartLimit', parseLimit, null),
    randomizedDelayUsec: readScalar(reader, 'RestartRandomizedDelaySec', parseDelay, PLAIN_PACING.randomizedDelayUsec),
    resetUsec: readScalar<Usec | null>(reader, 'RestartResetSec', parseSpan, null),
    afterLimitUsec: readScalar<Usec | null>(reader, 'RestartAfterLimitSec', parseSpan, null),
    awaitsNeeds: readScalar(reader, 'RestartAwaitsNeeds', parseBoolean, PLAIN_PACING.awaitsNeeds),
  };
  const stable = entriesFor(reader, 'RestartStableDelaySec').at(-1);
  if (stable !== undefined && pacing.stableDelayUsec !== null && pacing.resetUsec === null) {
    reader.log.add('warning', stable, 'RestartStableDelaySec= has no effect without RestartResetSec=, which says what a stable run is.');
  }
  return pacing;
}

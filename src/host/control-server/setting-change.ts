import { ok, problem, type Result } from '../../base/result.ts';
import type { Params } from '../../control/requests.ts';
import type { RuntimeSettings } from '../../core/manager/runtime-settings.ts';
import { parseBoolean } from '../../core/unit-file/value/number.ts';
import { asLogTarget, LOG_TARGETS_TEXT, parseLogLevel } from '../logging/manager-log.ts';

/** Understands the word that a verb such as `log-level` was given. */
export function readSettingChange({ setting, value }: Params<'change-setting'>): Result<Partial<RuntimeSettings>> {
  switch (setting) {
    case 'log-level': {
      const level = parseLogLevel(value);
      return level === undefined ? problem(`"${value}" is no log level: emerg, alert, crit, err, warning, notice, info, debug, or 0 to 7`) : ok({ logLevel: level });
    }
    case 'log-target': {
      const target = asLogTarget(value);
      return target === null ? problem(`"${value}" is no log target: ${LOG_TARGETS_TEXT}`) : ok({ logTarget: target });
    }
    case 'service-watchdogs': {
      const heeded = parseBoolean(value);
      return heeded.ok ? ok({ serviceWatchdogs: heeded.value }) : heeded;
    }
  }
}

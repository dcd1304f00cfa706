/** Timers. Source: systemd.timer(5). */
import type { UnitName, Usec } from '../../base/brand.ts';
import { ok, type Result } from '../../base/result.ts';
import { nextRandom, seedRandom } from '../../base/random.ts';
import { seconds } from '../../base/time.ts';
import type { TimeZones } from '../time/time-zone.ts';
import type { Origin } from '../unit/source.ts';
import type { TimerBase, TimerTrigger, TimerUnit } from '../unit/timer.ts';
import type { TriggerJob } from '../unit/trigger-job.ts';
import { readCalendar } from './calendar-setting.ts';
import { addActivatorDefaults, addMounts } from './default-dependencies.ts';
import { ignore, originOf, readScalar, type SettingReader } from './setting-reader.ts';
import type { SpecifierContext } from './specifiers.ts';
import { parseDelay } from './time-setting.ts';
import { addTrigger, parseTriggerJob } from './triggered-unit.ts';
import { finishCommon, type UnitDraft } from './unit-draft.ts';
import { readUnitSection } from './unit-section.ts';
import { parseBoolean } from './value/number.ts';

const DEFAULT_ACCURACY_USEC = seconds(60);

/** Lines of one timer. systemd knows no bound; a timer with more than this was made by a mistake. */
const TRIGGERS_MAX = 1024;

const BASES: ReadonlySet<string> = new Set<TimerBase>(['OnActiveSec', 'OnBootSec', 'OnStartupSec', 'OnUnitActiveSec', 'OnUnitInactiveSec']);

function readSpan(base: TimerBase, text: string, origin: Origin): Result<TimerTrigger> {
  const span = parseDelay(text);
  return span.ok ? ok({ base, afterUsec: span.value, origin }) : span;
}

/** All lines that say when, in file order: an empty one of any kind takes back all before it. */
function readTriggers(reader: SettingReader, zones: TimeZones): readonly TimerTrigger[] {
  let triggers: TimerTrigger[] = [];
  for (const { directive, entry } of reader.settings) {
    if (directive.name !== 'OnCalendar' && !BASES.has(directive.name)) continue;
    if (entry.value === '') {
      triggers = [];
      continue;
    }
    if (triggers.length >= TRIGGERS_MAX) {
      ignore(reader, entry, `a timer has at most ${String(TRIGGERS_MAX)} such lines`);
      continue;
    }
    const expanded = reader.expand(entry.value);
    if (!expanded.ok) {
      ignore(reader, entry, expanded.problem);
      continue;
    }
    const trigger = directive.name === 'OnCalendar' ? readCalendar(expanded.value, zones, originOf(entry)) : readSpan(directive.name as TimerBase, expanded.value, originOf(entry));
    if (trigger.ok) triggers.push(trigger.value);
    else ignore(reader, entry, trigger.problem);
  }
  return triggers;
}

/** The same on every start of this unit of this user on this machine, and unlike that of others. */
function fixedDelay(name: UnitName, facts: SpecifierContext, delayUsec: Usec): Usec {
  const text = `${facts.machineId ?? ''} ${String(facts.uid)} ${name}`;
  const [word] = nextRandom(seedRandom(...Array.from(text, (character) => character.codePointAt(0) ?? 0)));
  return Math.floor((word / 2 ** 32) * delayUsec) as Usec;
}

export function buildTimer(draft: UnitDraft): TimerUnit {
  const { sources, context, reader, dependencies } = draft;
  const section = readUnitSection(reader, context.defaults, { description: sources.name, ignoreOnIsolate: false });
  const triggers = readTriggers(reader, context.timeZones);
  const unit = addTrigger(draft, 'Unit');
  const onClockChange = readScalar(reader, 'OnClockChange', parseBoolean, false);
  const onTimezoneChange = readScalar(reader, 'OnTimezoneChange', parseBoolean, false);
  if (section.defaultDependencies) {
    addActivatorDefaults(dependencies, context.mode, 'timers.target' as UnitName);
    if (context.mode === 'system' && reader.byName.has('OnCalendar')) {
      dependencies.add('After', 'time-sync.target' as UnitName, 'default');
      dependencies.add('After', 'time-set.target' as UnitName, 'default');
    }
  }
  const refusal = triggers.length > 0 || onClockChange || onTimezoneChange ? null
    : `${sources.fragment?.file ?? sources.name}: The timer has no line that says when it elapses (OnCalendar=, OnBootSec= and the like).`;
  const randomizedDelayUsec = readScalar(reader, 'RandomizedDelaySec', parseDelay, 0 as Usec);
  const persistent = readScalar(reader, 'Persistent', parseBoolean, false);
  // Where the stamp is that tells of the last run: systemd.timer(5), "Implicit Dependencies".
  if (persistent) addMounts(dependencies, `${context.specifiers.stateRoot}/systemd/timers`, 'Requires', 'implicit', context.hasUnitFile);
  const isFixed = readScalar(reader, 'FixedRandomDelay', parseBoolean, false);
  return {
    kind: 'timer',
    triggers,
    unit,
    triggerJob: readScalar<TriggerJob>(reader, 'TriggerJob', parseTriggerJob, 'start'),
    accuracyUsec: Math.max(1, readScalar(reader, 'AccuracySec', parseDelay, DEFAULT_ACCURACY_USEC)) as Usec,
    randomizedDelayUsec,
    fixedDelayUsec: isFixed ? fixedDelay(sources.name, context.specifiers, randomizedDelayUsec) : null,
    deferReactivation: readScalar(reader, 'DeferReactivation', parseBoolean, false),
    onClockChange,
    onTimezoneChange,
    persistent,
    wakeSystem: readScalar(reader, 'WakeSystem', parseBoolean, false),
    remainAfterElapse: readScalar(reader, 'RemainAfterElapse', parseBoolean, true),
    ...finishCommon(draft, section, refusal),
  };
}

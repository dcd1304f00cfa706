/** The unit that a timer, path or socket starts, and the edges that follow from it. */
import type { UnitName } from '../../base/brand.ts';
import { ok, problem, type Result } from '../../base/result.ts';
import { TRIGGER_JOBS, type TriggerJob } from '../unit/trigger-job.ts';
import { isUnitName, unitKind, withKind } from '../unit/unit-name.ts';
import { entriesFor, ignore, oneOf } from './setting-reader.ts';
import type { UnitDraft } from './unit-draft.ts';
import { meantUnit } from './unit-section.ts';

/** What `directive` names, else the service of the same name. Of several Unit= the first counts, as in systemd; of Service= the last. */
export function addTrigger(draft: UnitDraft, directive: 'Unit' | 'Service'): UnitName {
  const { reader, sources } = draft;
  let named: UnitName | null = null;
  for (const entry of entriesFor(reader, directive)) {
    if (directive === 'Unit' && named !== null) {
      ignore(reader, entry, `the unit to start is ${named} already, and there is one only`);
      continue;
    }
    const text = reader.expandName(entry.value);
    const unit = text.ok ? triggerOf(text.value, draft, directive) : text;
    // Unlike other lists of one, Service= takes no empty line.
    if (entry.value === '' && directive === 'Unit') named = null;
    else if (unit.ok) named = unit.value;
    else ignore(reader, entry, unit.problem);
  }
  const unit = named ?? withKind(sources.name, 'service');
  draft.dependencies.add('Triggers', unit, 'implicit');
  draft.dependencies.add('Before', unit, 'implicit');
  return unit;
}

function triggerOf(text: string, { reader, sources }: UnitDraft, directive: 'Unit' | 'Service'): Result<UnitName> {
  const meant = directive === 'Service' ? (isUnitName(text) ? text : null) : meantUnit(text, sources.name);
  if (meant === null) return problem(`'${text.slice(0, 80)}' is not the name of a unit`);
  if (directive === 'Unit' && unitKind(meant) === reader.kind) return problem(`a ${reader.kind} does not start another ${reader.kind}`);
  return directive === 'Service' && unitKind(meant) !== 'service' ? problem(`${meant} is not a service`) : ok(meant);
}

export const parseTriggerJob = oneOf<TriggerJob>(...TRIGGER_JOBS);

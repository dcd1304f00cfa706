/** The unit that a timer, path or socket starts, and the edges that follow from it. */
import type { UnitName } from '../../base/brand.ts';
import { ok, problem } from '../../base/result.ts';
import { TRIGGER_JOBS, type TriggerJob } from '../unit/trigger-job.ts';
import { unitKind, withKind } from '../unit/unit-name.ts';
import { oneOf, readExpanded } from './setting-reader.ts';
import type { UnitDraft } from './unit-draft.ts';
import { meantUnit } from './unit-section.ts';

/** What `directive` names, else the service of the same name. */
export function addTrigger(draft: UnitDraft, directive: 'Unit' | 'Service'): UnitName {
  const { reader, sources } = draft;
  const unit = readExpanded<UnitName>(reader, directive, (text) => {
    const meant = meantUnit(text, sources.name);
    if (meant === null) return problem(`'${text.slice(0, 80)}' is not the name of a unit`);
    if (directive === 'Unit' && unitKind(meant) === reader.kind) return problem(`a ${reader.kind} does not start another ${reader.kind}`);
    return directive === 'Service' && unitKind(meant) !== 'service' ? problem(`${meant} is not a service`) : ok(meant);
  }, withKind(sources.name, 'service'));
  draft.dependencies.add('Triggers', unit, 'implicit');
  draft.dependencies.add('Before', unit, 'implicit');
  return unit;
}

export const parseTriggerJob = oneOf<TriggerJob>(...TRIGGER_JOBS);

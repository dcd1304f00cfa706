/** The unit that was probably meant by a name that no unit has. */
import { nameInstance, templateOf, unitKind, unitNameForm, withInstance } from '../unit/unit-name.ts';
import { nearestName } from './nearest-name.ts';

/**
 * Only what stands before the kind is compared, since `.service` alone would make any two short names look alike. A name that exists as
 * another kind of unit is meant when none of the same kind is near; an instance is compared by its template.
 *
 * @returns null when none is near
 */
export function nearestUnit(name: string, known: Iterable<string>): string | null {
  const form = unitNameForm(name);
  if (form === null) return null;
  const kind = unitKind(name);
  const template = form === 'instance' ? templateOf(name) : null;
  const wanted = stemOf(template ?? name);
  const stems: string[] = [];
  let otherKind: string | null = null;
  for (const each of known) {
    const eachForm = unitNameForm(each);
    // An instance is found by its template.
    if (eachForm === null || each === name || (template !== null && eachForm !== 'template')) continue;
    const stem = stemOf(each);
    if (unitKind(each) === kind) stems.push(stem);
    else if (stem === wanted) otherKind = each;
  }
  const nearest = nearestName(wanted, stems);
  if (nearest === null) return otherKind;
  const whole = `${nearest}.${kind}`;
  return template === null ? whole : withInstance(whole, nameInstance(name) ?? '');
}

/** `nginx` of `nginx.service`, `getty@` of `getty@.service`. */
function stemOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

/** `bind`: a file or directory of the machine appears in a service that runs. Source: systemctl(1). */
import { getEntry } from '../../base/persistent-map.ts';
import type { UnitName } from '../../base/brand.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import type { Engine } from '../engine.ts';

type Done = (outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly failure: Failure }) => void;

/** What may not be: a path that does not say by itself where it is. */
function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && path.split('/').every((part) => part !== '..' && part !== '.');
}

export function bindMount(engine: Engine, { source, target, readOnly, makeTarget }: Params<'bind'>, units: readonly UnitName[], done: Done): null {
  const refuse = (name: Failure['name'], message: string): null => {
    done({ ok: false, failure: { name, message, unit } });
    return null;
  };
  const [unit = '' as UnitName] = units;
  const found = getEntry(engine.state().units, unit);
  if (found === undefined || units.length > 1 || found.definition.kind !== 'service' || found.runtime.kind !== 'service') return refuse('not-applicable', 'only a service has a name space to bind into');
  if (found.definition.loadState === 'not-found') return refuse('no-such-unit', `Unit ${unit} could not be found.`);
  for (const path of [source, target]) if (!isPlainPath(path)) return refuse('invalid-params', `"${path}" is not an absolute path without "." and ".." in it`);
  if (engine.facts.mode === 'user') return refuse('not-applicable', 'only a manager of the system may enter name spaces of services');
  const pid = found.runtime.mainPid;
  if (pid === null) return refuse('no-process', `${unit} has no main process.`);
  if (!engine.serviceMounts.isApart(pid)) {
    return refuse('not-applicable', `${unit} has no mount name space of its own: with PrivateMounts=yes it has one. What is mounted now at its place is seen by it anyway.`);
  }
  engine.serviceMounts.bind({ pid, source, target, readOnly, makeTarget }, (why) => {
    if (why === '') done({ ok: true, value: {} });
    else refuse('file-error', why);
  });
  return null;
}

import { findUnit } from '../../../core/manager/query.ts';
import type { ExecContext } from '../../../core/unit/exec-context.ts';
import { mergeEnvironment } from '../../spawn/spawn-environment.ts';
import type { Reader } from './context.ts';

/** The manager's own block; readable by all, as with systemd: secrets do not belong there. */
export const readEnvironment: Reader<'get-environment'> = ({ engine }) => ({ ok: true, value: { environment: engine.state().environment } });

/** What a service would be given. Its files may hold secrets that the manager's own block does not. */
export const readUnitEnvironment: Reader<'unit-environment'> = ({ engine, privileged, units }) => {
  const [name] = units;
  const unit = name === undefined ? undefined : findUnit(engine.state(), name);
  if (!privileged) return { ok: false, failure: { name: 'access-denied', message: "the environment of a unit is for root and the manager's own user" } };
  if (unit === undefined || unit.definition.loadState === 'not-found') {
    return { ok: false, failure: { name: 'no-such-unit', message: `Unit ${name ?? ''} not found.`, ...(name === undefined ? {} : { unit: name }) } };
  }
  const environment = engine.environmentOf(unit.name);
  if (environment === null || unit.definition.kind !== 'service') return { ok: false, failure: { name: 'not-applicable', message: `Only a service has an environment; ${unit.name} is none.`, unit: unit.name } };
  if (!environment.ok) return { ok: false, failure: { name: 'file-error', message: `EnvironmentFile=${environment.subject} cannot be read (${environment.errno}): ${unit.name} would not start.`, unit: unit.name } };
  const { exec } = unit.definition;
  const own = new Set(engine.state().environment);
  const whole = mergeEnvironment(environment.lower, environment.upper, exec.unsetEnvironment);
  const variables = [...whole].map(([key, value]) => ({ name: key, value, source: environment.upper.has(key) ? settingOf(exec, key, value) : own.has(`${key}=${value}`) ? 'manager' : 'own' }));
  return { ok: true, value: { unit: unit.name, variables: variables.sort((a, b) => (a.name < b.name ? -1 : 1)) } };
};

/** Which setting a variable has its value from: the last one that gives it wins, and files are read last. */
function settingOf(exec: ExecContext, name: string, value: string): string {
  if (exec.environment.includes(`${name}=${value}`)) return 'Environment';
  return exec.passEnvironment.includes(name) && process.env[name] === value ? 'PassEnvironment' : 'EnvironmentFile';
}

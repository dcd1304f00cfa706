/** Conditions about the manager itself: who it runs as, what it may, what its environment says. */
import type { ConditionHost } from './condition-host.ts';
import type { ConditionTest, Verdict } from './path-conditions.ts';
import { parseCapabilities } from '../../core/unit-file/value/capability.ts';

/** uids below this are system users (login.defs' SYS_UID_MAX on Debian and most others). */
const SYSTEM_UID_MAX = 999;

function user(host: ConditionHost, parameter: string): Verdict {
  if (parameter === '@system') return host.uid <= SYSTEM_UID_MAX || host.uid === 65534;
  if (/^[0-9]+$/.test(parameter)) return Number(parameter) === host.uid;
  return parameter === 'root' ? host.uid === 0 : host.userId(parameter) === host.uid;
}

function group(host: ConditionHost, parameter: string): Verdict {
  const gid = /^[0-9]+$/.test(parameter) ? Number(parameter) : parameter === 'root' ? 0 : host.groupId(parameter);
  return gid !== null && host.gids.includes(gid);
}

function capability(host: ConditionHost, parameter: string): Verdict {
  const [number] = parseCapabilities([parameter]).numbers;
  return number === undefined ? `"${parameter}" is not a capability` : host.capabilities.includes(number);
}

function environment(host: ConditionHost, parameter: string): Verdict {
  const at = parameter.indexOf('=');
  if (at === -1) return host.environment(parameter) !== undefined;
  return host.environment(parameter.slice(0, at)) === parameter.slice(at + 1);
}

export const IDENTITY_CONDITIONS: Readonly<Record<string, ConditionTest>> = {
  User: user,
  Group: group,
  Capability: capability,
  Environment: environment,
};

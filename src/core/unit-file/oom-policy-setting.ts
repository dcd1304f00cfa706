/** OOMPolicy= of services and scopes: what follows when the kernel ends one of their processes for want of memory. */
import type { OomPolicy } from '../unit/exec-context.ts';
import { oneOf, readScalar, type SettingReader } from './setting-reader.ts';

const parseOomPolicy = oneOf<OomPolicy>('continue', 'stop', 'kill');

/** @param isDelegated with control groups of its own it deals with that by itself, unless its file says more */
export function readOomPolicy(reader: SettingReader, isDelegated: boolean, byDefault: OomPolicy): OomPolicy {
  return readScalar<OomPolicy>(reader, 'OOMPolicy', parseOomPolicy, isDelegated ? 'continue' : byDefault);
}

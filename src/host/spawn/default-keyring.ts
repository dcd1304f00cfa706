import type { ExecContext } from '../../core/unit/exec-context.ts';
import type { SpawnSpec } from '../native.ts';

/**
 * The keyring of a unit that does not say KeyringMode=: a service has one of its own, a command of another unit links that of the user
 * into it. What a unit says itself the executor sees to.
 *
 * @param kind of the unit
 */
export function keyringOf(kind: string, { confinement }: ExecContext): Pick<SpawnSpec, 'ownKeyring' | 'linksUserKeyring'> {
  if (confinement !== null && confinement.keyringMode !== null) return {};
  return kind === 'service' ? { ownKeyring: true } : { linksUserKeyring: true };
}

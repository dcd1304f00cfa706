/** What the spawner has made of a command, on its way to clone or to the executor. */
import type { Fd } from '../../base/brand.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import type { ExecContext } from '../../core/unit/exec-context.ts';
import type { Birthplace } from '../processes/process-tracker.ts';
import type { CredentialsOutcome } from './credentials.ts';
import type { Granted } from './privileges.ts';

/** mount(8) goes where the kernel's automounter holds up everybody but the manager's process group: SameProcessGroup= of systemd. */
export function staysInGroup({ definition }: Pick<SpawnEffect, 'definition'>): boolean {
  return definition.kind === 'mount';
}

/** A command ready to be started: all names resolved that can be resolved here. */
export interface SpawnPlan {
  readonly effect: SpawnEffect;
  readonly exec: ExecContext;
  readonly path: string;
  /** The two layers of the environment, see `spawn-environment`. */
  readonly lowerEnvironment: ReadonlyMap<string, string>;
  readonly upperEnvironment: ReadonlyMap<string, string>;
  readonly credentials: CredentialsOutcome;
  readonly granted: Granted;
  readonly birthplace: Birthplace;
  /** What the program gets from 3 on. */
  readonly passedFds: readonly Fd[];
  /** What StandardInput=socket and its kin mean; null when no stream is one. */
  readonly socketFd: Fd | null;
  /** Write end of the unit's log pipe, when a stream goes there. */
  readonly logPipe: Fd | null;
}

import type { Launch } from '../container.ts';
import type { LoadName } from '../loads/load-name.ts';
import type { Plan } from '../plan.ts';
import { PLAIN_ENVIRONMENT, type Contestant } from './contestant.ts';
import { debianVersion } from './debian-version.ts';

/** The loads that make sense for an init that runs exactly one command. */
const OWN_LOADS: ReadonlySet<LoadName> = new Set<LoadName>(['boot-1', 'orphans']);

/** An init for containers that starts one command, passes signals on and reaps. */
function oneCommand(name: string): Contestant {
  const program = `/usr/bin/${name}`;
  return {
    name,
    packages: [name],
    programs: [program],
    version: () => debianVersion(name),
    sitsOut: (load: LoadName) => (OWN_LOADS.has(load) ? null : 'runs a single command'),
    prepare: (_directory: string, plan: Plan): Launch => ({
      argv: [program, '--', ...(plan.services[0]?.argv ?? [])],
      environment: PLAIN_ENVIRONMENT,
      binds: [],
    }),
  };
}

export const TINI = oneCommand('tini');
export const DUMB_INIT = oneCommand('dumb-init');

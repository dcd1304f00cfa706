/** The reading methods and who answers them. */
import { assert } from '../../../base/assert.ts';
import type { Method } from '../../../control/requests.ts';
import type { Reader } from './context.ts';
import { readBootChart } from './boot-chart.ts';
import { readDependencies } from './dependencies.ts';
import { readGraph } from './dependency-graph.ts';
import { readEnvironment, readUnitEnvironment } from './environment.ts';
import { readJobList } from './job-list.ts';
import { readProcessGroups } from './process-groups.ts';
import { readManager } from './manager.ts';
import { readNotStarted } from './not-started.ts';
import { readPlan } from './plan.ts';
import { readProperties } from './properties.ts';
import { readPathList } from './path-list.ts';
import { readSocketList } from './socket-list.ts';
import { readTimerList } from './timer-list.ts';
import { readUnitFileTexts } from './unit-file-texts.ts';
import { readDefault, readIsEnabled, readUnitFileList } from './unit-files.ts';
import { readUnitOf } from './unit-of.ts';
import { readUnitList } from './unit-list.ts';
import { readStatus } from './unit-status.ts';
import { readVerdicts } from './verify.ts';
import { readWhy } from './why.ts';

const READERS = {
  manager: readManager,
  'list-units': readUnitList,
  status: readStatus,
  show: readProperties,
  'list-timers': readTimerList,
  'list-paths': readPathList,
  'list-sockets': readSocketList,
  'list-jobs': readJobList,
  'list-dependencies': readDependencies,
  cat: readUnitFileTexts,
  'list-unit-files': readUnitFileList,
  'is-enabled': readIsEnabled,
  'process-groups': readProcessGroups,
  'unit-of': readUnitOf,
  'get-default': readDefault,
  'get-environment': readEnvironment,
  'unit-environment': readUnitEnvironment,
  'boot-chart': readBootChart,
  graph: readGraph,
  'not-started': readNotStarted,
  why: readWhy,
  plan: readPlan,
  verify: readVerdicts,
} as const satisfies { readonly [M in Method]?: Reader<M> };

export type ReadMethod = keyof typeof READERS;

/** The function that answers a reading method. */
export function readerOf<M extends Method>(method: M): Reader<M> {
  assert(Object.hasOwn(READERS, method), `${method} reads`);
  return READERS[method as ReadMethod] as unknown as Reader<M>;
}

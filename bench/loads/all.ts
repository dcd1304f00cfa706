import { BOOT_LOADS, CHAIN_LOAD } from './boot.ts';
import { CHECKPOINT_LOAD } from './checkpoint.ts';
import { CHURN_LOAD } from './churn.ts';
import { CONTROL_LOAD } from './control.ts';
import { DARK_LOADS } from './dark.ts';
import { IDLE_LOAD } from './idle.ts';
import type { Load } from './load.ts';
import { LOG_LOAD } from './log.ts';
import { ORPHANS_LOAD } from './orphans.ts';
import { RESTART_LOAD } from './restart.ts';
import { STOP_LOAD } from './stop.ts';

/** Everything, in the order of running and of the tables. */
export const LOADS: readonly Load[] = [
  ...BOOT_LOADS, CHAIN_LOAD, RESTART_LOAD, CONTROL_LOAD, ORPHANS_LOAD, STOP_LOAD, LOG_LOAD, IDLE_LOAD, CHURN_LOAD,
  ...DARK_LOADS, CHECKPOINT_LOAD,
];

import { valuesOf } from '../../../base/persistent-map.ts';
import { systemStateOf } from '../../../core/manager/query.ts';
import { operatingSystem } from '../../operating-system.ts';
import type { Reader } from './context.ts';

export const readManager: Reader<'manager'> = ({ engine }) => {
  const state = engine.state();
  const { facts } = engine;
  const failed: string[] = [];
  for (const unit of valuesOf(state.units)) if (unit.activeState === 'failed') failed.push(unit.name);
  const { bootFinished, started } = state;
  return {
    ok: true,
    value: {
      hostname: operatingSystem().hostname(),
      version: facts.version,
      mode: facts.mode,
      state: systemStateOf(state),
      bootUnit: state.config.bootUnit,
      startedUsec: started.realtimeUsec,
      bootFinishedUsec: bootFinished?.realtimeUsec ?? 0,
      bootDurationUsec: bootFinished === null ? null : bootFinished.monotonicUsec - started.monotonicUsec,
      nowUsec: engine.now().realtimeUsec,
      units: state.units.size,
      failedUnits: failed.sort(),
      jobs: state.jobs.size,
      processes: state.pids.size,
      pid: process.pid,
      controlGroup: facts.cgroupRoot,
      runtimeDirectory: facts.runtimeDirectory,
      logDirectory: facts.logDirectory,
      unitPath: facts.unitPath,
    },
  };
};

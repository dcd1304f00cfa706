import { chartBoot } from '../../../core/manager/explain/boot-chart.ts';
import type { Reader } from './context.ts';

export const readBootChart: Reader<'boot-chart'> = ({ engine }) => {
  const { root, finishedUsec, units } = chartBoot(engine.state());
  return {
    ok: true,
    value: { root, finishedUsec, units: units.map(({ activeState, ...unit }) => ({ ...unit, active: activeState })) },
  };
};

import { getEntry } from '../../../base/persistent-map.ts';
import type { WhyAnswer } from '../../../control/answers.ts';
import type { ExecRecord, Unit } from '../../../core/manager/state.ts';
import { explain, type WhyLink } from '../../../core/manager/explain/why.ts';
import type { Engine } from '../../engine.ts';
import type { Reader } from './context.ts';
import { placeOf } from './unit-words.ts';

export const readWhy: Reader<'why'> = ({ engine, units }, params) => {
  const [name] = units;
  const why = name === undefined ? null : explain(engine.state(), name);
  if (why === null) return { ok: false, failure: { name: 'no-such-unit', message: `Unit ${params.unit} is not known.`, unit: params.unit } };
  return {
    ok: true,
    value: {
      unit: why.unit, load: why.loadState, active: why.activeState, sub: why.subState,
      links: why.chain.map((link) => linkAnswer(engine, link)), nowUsec: engine.now().realtimeUsec,
    },
  };
};

function linkAnswer(engine: Engine, link: WhyLink): WhyAnswer['links'][number] {
  return {
    unit: link.unit,
    code: link.kind,
    text: link.text,
    origin: link.origin === null ? null : placeOf(link.origin),
    pid: link.exec?.pid ?? null,
    atUsec: link.exec?.exit?.realtimeUsec ?? 0,
    nextTryUsec: link.nextTryUsec === undefined ? 0 : engine.now().realtimeUsec + link.nextTryUsec - engine.now().monotonicUsec,
    exit: exitOf(link.exec),
    invocationId: getEntry(engine.state().units, link.unit)?.invocationId ?? null,
  };
}

function exitOf(exec: ExecRecord | null): WhyAnswer['links'][number]['exit'] {
  return exec === null || exec.exit === null ? null : { role: exec.role, startUsec: exec.startRealtimeUsec, code: exec.exit.code, status: exec.exit.status };
}

/** The root cause in one line, for a unit that is not simply running; null for one that is. */
export function lastCause(engine: Engine, unit: Unit): string | null {
  const calm = unit.activeState === 'active' || (unit.activeState === 'inactive' && unit.endReason === null && unit.job === null);
  if (calm) return null;
  const chain = explain(engine.state(), unit.name)?.chain ?? [];
  const link = chain.at(-1);
  if (link === undefined) return null;
  const place = link.origin === null ? '' : ` (${placeOf(link.origin)})`;
  return `${link.unit === unit.name ? '' : `${link.unit} `}${link.text}${place}`;
}

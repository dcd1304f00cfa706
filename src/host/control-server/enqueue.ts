/** `enqueue`: one request to the core for each unit, so that one refused unit does not hold back the others; one answer for all. */
import type { UnitName } from '../../base/brand.ts';
import type { EnqueueAnswer, JobResultAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import type { Params } from '../../control/requests.ts';
import type { Engine } from '../engine.ts';
import type { Peer } from './connection.ts';
import { failureOf, submitRequest } from './submit-request.ts';

type Request = Params<'enqueue'>;
/** Names of the core's job types where the control protocol has systemctl's. */
const TYPES = {
  start: 'start', stop: 'stop', reload: 'reload', restart: 'restart', 'try-restart': 'try-restart',
  'reload-or-restart': 'reload-or-restart', 'reload-or-try-restart': 'reload-or-try-restart',
} as const satisfies Readonly<Record<Request['type'], string>>;

export function enqueueUnits(
  engine: Engine, peer: Peer, params: Request, units: readonly UnitName[],
  done: (outcome: { readonly ok: true; readonly value: EnqueueAnswer } | { readonly ok: false; readonly failure: Failure }) => void,
  key: string | null,
): (() => void) | null {
  const jobs: JobResultAnswer[] = [];
  const refused: EnqueueAnswer['refused'][number][] = [];
  let left = units.length;
  if (left === 0) {
    done({ ok: true, value: { jobs, refused } });
    return null;
  }
  const cancels = units.map((unit, index) => submitRequest(engine, peer, {
    method: 'enqueue', type: TYPES[params.type], units: [unit], mode: params.mode, wait: params.wait, verb: params.mode === 'isolate' ? 'isolate' : params.type,
  }, (reply) => {
    if (reply.ok) jobs.push(...reply.jobs);
    else refused.push({ unit: reply.unit ?? unit, name: failureOf(reply).name, message: reply.message });
    if (--left === 0) done({ ok: true, value: { jobs, refused } });
  }, key === null ? null : `${key}/${String(index)}`));
  return () => {
    for (const cancel of cancels) cancel();
  };
}

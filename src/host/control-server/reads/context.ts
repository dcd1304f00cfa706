import type { UnitName } from '../../../base/brand.ts';
import type { Answer } from '../../../control/answers.ts';
import type { Failure } from '../../../control/error-codes.ts';
import type { Method, Params } from '../../../control/requests.ts';
import type { Engine } from '../../engine.ts';
import type { Peer } from '../connection.ts';

/** What a reading request has: the manager as it is now, and who asks. */
export interface ReadContext {
  readonly engine: Engine;
  readonly peer: Peer;
  /** Root or the manager's own user. */
  readonly privileged: boolean;
  /** The units the request names: canonical and, as far as files exist, loaded. */
  readonly units: readonly UnitName[];
}

export type ReadOutcome<M extends Method> =
  | { readonly ok: true; readonly value: Answer<M> }
  | { readonly ok: false; readonly failure: Failure };

export type Reader<M extends Method> = (context: ReadContext, params: Params<M>) => ReadOutcome<M>;

/** One thing that can be asked for under /api/v1. The table of these is the router and the OpenAPI document. */
import type { ServerResponse } from 'node:http';
import type { Caller, Level } from '../callers/caller.ts';
import type { ManagerLink } from '../manager-link.ts';
import type { Fields, Values } from './field.ts';

export interface Call {
  readonly link: ManagerLink;
  /** Of the caller's request: what stands in braces in the path. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Values;
  readonly body: Values;
  readonly caller: Caller;
  readonly response: ServerResponse;
}

export interface Outcome {
  readonly status?: number;
  readonly json: unknown;
  /** What went wrong although there is an answer, for the audit log. */
  readonly problem?: string;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /api/v1, as `/units/{unit}/log`. */
  readonly path: string;
  readonly level: Level;
  readonly summary: string;
  readonly query?: Fields;
  readonly body?: Fields;
  /** What the answer is: a name in src/control/answers.ts, or words. */
  readonly answer: string;
  /** Sends events; the outcome is null. */
  readonly streams?: true;
  readonly run: (call: Call) => Promise<Outcome | null>;
}

/** `{unit}` of a path: a name without a suffix is a service's. */
export const UNIT = 'unit';

/** Verbs that ask for one thing and have nothing to tell when it is done. */
import type { Given, Method } from '../control/requests.ts';
import { EXIT, exitStatusOfFailure } from './exit-status.ts';
import { hasOption } from './options.ts';
import { complain, printJson, request, type Invocation, type VerbRun } from './verb.ts';

export function* simplyAsk<M extends Method>(call: Invocation, method: M, params: Given<M>): VerbRun {
  const reply = yield* request(method, params);
  if (!reply.ok) {
    yield* complain(`Failed to ${call.verb}: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  if (hasOption(call.options, 'json')) yield* printJson(reply.value);
  return EXIT.done;
}

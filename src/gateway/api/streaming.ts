/** Routes that answer with events for as long as the client listens. */
import { matchesGlob } from '../../control/glob.ts';
import { EventStream } from '../http/event-stream.ts';
import { followLines } from '../log-lines.ts';
import { logSocket } from './log-socket-path.ts';
import { LOG_FIELDS, logQuestion, strings } from './reading.ts';
import type { Route } from './route.ts';

export const STREAMING: readonly Route[] = [
  {
    method: 'GET', path: '/events', level: 'view', summary: 'Changes of units and jobs, and losses of the manager, as server-sent events', answer: 'events unit, job-new, job-running, job-removed, manager-lost, manager-found', streams: true,
    query: { unit: { type: 'strings', summary: 'Shell patterns; none = all units.' } },
    run: ({ link, query, response }) => {
      const patterns = strings(query['unit']);
      const stream = new EventStream(response, () => { stop(); });
      const stop = link.listen((change) => {
        const { change: event, unit } = change;
        if (typeof unit === 'string' && patterns.length > 0 && !patterns.some((pattern) => matchesGlob(pattern, unit))) return;
        stream.send(String(event), change);
      });
      return Promise.resolve(null);
    },
  },
  {
    method: 'GET', path: '/units/{unit}/log/stream', level: 'read', summary: 'The newest lines of the unit\'s log and those that come, as server-sent events', answer: 'events line', streams: true, query: LOG_FIELDS,
    run: async (call) => {
      const question = logQuestion(call);
      const socket = await logSocket(call.link);
      const reading = new AbortController();
      const stream = new EventStream(call.response, () => { reading.abort(); });
      followLines(socket, question, reading.signal, (line) => { stream.send('line', line); }).then(
        () => { stream.end(); },
        (error: unknown) => {
          stream.send('problem', { message: (error as Error).message });
          stream.end();
        },
      );
      return null;
    },
  },
];

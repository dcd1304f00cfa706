import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, request, type FileOutcome, type Verb } from '../verb.ts';

/** What a client types or pipes becomes the input of a service, by way of the FIFO of its socket unit. */
export const feed: Verb = {
  name: 'feed',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT',
  summary: 'Send standard input to a service that reads a FIFO',
  details: ['The service reads its standard input from a socket unit: ListenFIFO= there, StandardInput=socket and StandardOutput=journal here.'],
  operand: 'free',
  options: [],
  // The manager hands it to the Node client when it comes to the bytes.
  runs: 'manager',
  *run({ program, words }) {
    const [word, ...more] = words;
    if (word === undefined || more.length > 0) {
      yield* complain('One unit is to be named.');
      return EXIT.usage;
    }
    const unit = unitArgument(word);
    // Only loaded sockets are listed, and the one of the same name is the usual one.
    yield* request('show', { units: [unit.replace(/\.service$/, '.socket')], properties: ['Id'] });
    const reply = yield* request('list-sockets', { all: true });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return exitStatusOfFailure(reply.failure.name, program);
    }
    const fifo = reply.value.sockets.find((socket) => socket.type === 'FIFO' && socket.activates === unit);
    if (fifo === undefined) {
      yield* complain(`${unit} reads no FIFO: a socket unit with ListenFIFO=, and StandardInput=socket in the service, make it one that can be fed.`);
      return EXIT.failed;
    }
    if (fifo.active !== 'active') {
      yield* complain(`${fifo.unit} is not started: nobody would read what is sent.`);
      return EXIT.notActive;
    }
    const outcome = (yield { step: 'feed', path: fifo.listen }) as FileOutcome;
    if (outcome.ok) return EXIT.done;
    yield* complain(`${fifo.listen}: ${outcome.error}`);
    return EXIT.failed;
  },
};

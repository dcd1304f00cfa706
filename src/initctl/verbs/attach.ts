import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { unitArgument } from '../unit-argument.ts';
import { detachKeysOf, findTerminal, joinTerminal } from '../unit-terminal.ts';
import { complain, type Invocation, type TerminalSession, type Verb, type VerbRun } from '../verb.ts';

/** The client's terminal becomes that of a service, beside whoever is there already. */
export const attach: Verb = {
  name: 'attach',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT',
  summary: 'Join the terminal of a service',
  operand: 'units',
  options: ['detach-keys', 'quiet'],
  runs: 'manager',
  // The session goes on while the manager is executed anew.
  outlivesManager: () => true,
  *run(call) {
    const [word, ...more] = call.words;
    if (word === undefined || more.length > 0) {
      yield* complain('One unit is to be named.');
      return EXIT.usage;
    }
    const keys = detachKeysOf(call);
    if (typeof keys === 'string') {
      yield* complain(`${call.program} attach: ${keys}`);
      return EXIT.usage;
    }
    const unit = unitArgument(word);
    const found = yield* findTerminal(unit);
    if (!found.ok) {
      yield* complain(found.failure.message);
      return exitStatusOfFailure(found.failure.name, call.program);
    }
    const { loadState, activeState, socket } = found.value;
    if (loadState === 'not-found') {
      yield* complain(`Unit ${unit} could not be found.`);
      return EXIT.noSuchUnit;
    }
    if (!unit.endsWith('.service')) {
      yield* complain(`Only a service has a terminal, and ${unit} is none.`);
      return EXIT.failed;
    }
    if (socket === null) {
      yield* complain(`${unit} has no terminal: Terminal=yes in its [Service] section gives it one at its next start.\n"${call.program} log --follow ${word}" shows what it prints, "${call.program} feed ${word}" sends it input when it reads a FIFO.`);
      return EXIT.failed;
    }
    if (activeState === 'inactive' || activeState === 'failed') {
      yield* complain(`${unit} is ${activeState}; start it first.`);
      return EXIT.notActive;
    }
    return yield* tell(call, unit, yield* joinTerminal(call, { unit, socket, keys: keys.keys, awaitsEnd: false }));
  },
};

function* tell(call: Invocation, unit: string, session: TerminalSession): VerbRun {
  const isQuiet = hasOption(call.options, 'quiet');
  switch (session.how) {
    case 'ended':
      if (!isQuiet) yield* complain(`${unit} has ended.`);
      return EXIT.done;
    case 'left':
      if (!isQuiet) yield* complain(`Left ${unit}, which goes on.`);
      return EXIT.done;
    default:
      yield* complain(session.problem);
      return EXIT.failed;
  }
}

/** whoami: which units processes belong to. Source: systemctl(1) of systemd 254. */
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const whoami: Verb = {
  name: 'whoami',
  aliases: [],
  group: 'Units',
  synopsis: '[PID…]',
  summary: 'Print the units of processes; without PID, of the one that asks',
  operand: 'free',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const wrong = call.words.find((word) => !/^[1-9]\d{0,9}$/.test(word));
    if (wrong !== undefined) {
      yield* complain(`"${wrong}" is no process ID`);
      return EXIT.usage;
    }
    const reply = yield* request('unit-of', { pids: call.words.map(Number) });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const { units } = reply.value;
    if (hasOption(call.options, 'json')) yield* printJson(units);
    let exit: number = EXIT.done;
    for (const { pid, unit } of units) {
      if (unit === null) {
        exit = EXIT.failed;
        yield* complain(`Process ${String(pid)} belongs to no unit.`);
      } else if (!hasOption(call.options, 'json')) yield* print(unit);
    }
    return exit;
  },
};

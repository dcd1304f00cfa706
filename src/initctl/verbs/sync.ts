import type { SyncAnswer } from '../../control/answers.ts';
import { exitStatusOfJobs, tellFailure } from '../enqueue.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Invocation, type UnitDirectory, type Verb, type VerbRun } from '../verb.ts';

export const sync: Verb = {
  name: 'sync',
  aliases: [],
  group: 'Units',
  synopsis: 'DIRECTORY',
  summary: 'Make the units of a directory of unit files what runs',
  details: ['New units are started, changed ones restarted, removed ones stopped, the others left alone; with a broken file nothing changes.'],
  operand: 'free',
  options: ['watch', 'no-block', 'quiet', 'json'],
  // The manager hands it to the Node client at the first look into the directory.
  runs: 'manager',
  *run(call) {
    const [path, ...more] = call.words;
    if (path === undefined || more.length > 0) {
      yield* complain('One directory is to be named.');
      return EXIT.usage;
    }
    const watches = hasOption(call.options, 'watch');
    let directory = (yield { step: 'unit-directory', path, unlike: null }) as UnitDirectory;
    for (;;) {
      const exit = yield* takeOver(call, directory);
      if (!watches) return exit;
      directory = (yield { step: 'unit-directory', path, unlike: directory }) as UnitDirectory;
    }
  },
};

function* takeOver(call: Invocation, { path, files, problem }: UnitDirectory): VerbRun {
  if (problem !== '') {
    // A directory that is gone for a moment must not stop everything.
    yield* complain(`Nothing was changed: ${problem}`);
    return EXIT.failed;
  }
  const reply = yield* request('sync-units', { origin: path, units: files, wait: !hasOption(call.options, 'no-block') });
  if (!reply.ok) {
    yield* complain(`Nothing was changed: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  const answer: SyncAnswer = reply.value;
  if (hasOption(call.options, 'json')) yield* printJson(answer);
  else if (!hasOption(call.options, 'quiet')) for (const { unit, change } of answer.changes) yield* print(`${unit}: ${change}`);
  for (const refusal of answer.refused) yield* complain(`${refusal.unit}: ${refusal.message}`);
  for (const job of answer.jobs) if (job.result !== 'done' && job.result !== 'queued') yield* tellFailure(call, job);
  return exitStatusOfJobs(answer, call.program);
}

/** edit: the administrator's own files over shipped units, by an editor or from standard input. Source: systemctl(1), "edit". */
import type { CatAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import { placeText } from '../text/place.ts';
import { harmless } from '../text/width.ts';
import { unitArgument } from '../unit-argument.ts';
import { requestUnitFiles } from '../request-unit-files.ts';
import { complain, editText, print, readFile, readInput, request, writeFile, type Invocation, type Verb, type VerbRun } from '../verb.ts';

/** Between these lines stands what becomes the drop-in; below it is shown what it changes. */
const HEAD = '### What stands between this line and the next one with three signs becomes';
const FOOT = '### What stands below this line is only shown; changes to it are lost';

export const edit: Verb = {
  name: 'edit',
  aliases: [],
  group: 'Unit files',
  synopsis: 'UNIT…',
  summary: 'Change units by a drop-in, or with --full by a file of their own',
  operand: 'unit-files',
  options: ['full', 'drop-in', 'runtime', 'force', 'stdin', 'no-reload', 'quiet'],
  runs: 'manager',
  run: editUnits,
};

interface Target {
  readonly unit: string;
  /** The file that is written. */
  readonly path: string;
  /** What an editor is given. */
  readonly proposal: string;
}

function* editUnits(call: Invocation): VerbRun {
  if (hasOption(call.options, 'root')) {
    yield* complain(`${call.program} edit works on the running system; --root has no effect on it.`);
    return EXIT.failed;
  }
  const targets: Target[] = [];
  for (const word of call.words) {
    const target = yield* findTarget(call, unitArgument(word));
    if (target === null) return EXIT.failed;
    targets.push(target);
  }
  const given = hasOption(call.options, 'stdin') ? yield* readInput() : null;
  if (given?.ok === false) {
    yield* complain(`Standard input cannot be read: ${given.error}`);
    return EXIT.failed;
  }
  const written: Target[] = [];
  for (const target of targets) {
    const outcome = given ?? (yield* editText(target.path.slice(target.path.lastIndexOf('/') + 1), target.proposal));
    if (!outcome.ok) {
      yield* complain(`${target.unit} is not edited: ${outcome.error}`);
      return EXIT.failed;
    }
    const text = betweenMarks(outcome.text);
    if (text === '') {
      yield* complain(`${target.unit} is not edited: nothing was left to write.`);
      continue;
    }
    const before = yield* readFile(target.path);
    if (before.ok && before.text === text) continue;
    const done = yield* writeFile(target.path, text);
    if (!done.ok) {
      yield* complain(`${target.path} cannot be written: ${done.error}`);
      return EXIT.failed;
    }
    if (!hasOption(call.options, 'quiet')) yield* print(`Written: ${target.path}`);
    written.push(target);
  }
  return written.length === 0 || hasOption(call.options, 'no-reload') ? EXIT.done : yield* putIntoEffect(written);
}

/** Null when there is nothing to edit; that has been said then. */
function* findTarget(call: Invocation, unit: string): VerbRun<Target | null> {
  const places = yield* request('cat', { units: [] });
  if (!places.ok) {
    yield* complain(places.failure.message);
    return null;
  }
  const reply = yield* requestUnitFiles(unit);
  if (!reply.ok && reply.failure.name !== 'no-such-unit') {
    yield* complain(reply.failure.message);
    return null;
  }
  const files = reply.ok ? (reply.value.units[0]?.files ?? []) : [];
  const isFull = hasOption(call.options, 'full');
  if (files.length === 0 && !hasOption(call.options, 'force')) {
    yield* complain(`No files found for ${unit}. "${call.program} edit --force --full ${unit}" makes a new unit.`);
    return null;
  }
  if (files[0]?.path === '/dev/null') {
    yield* complain(`${unit} is masked and has no text to edit; "${call.program} unmask ${unit}" first.`);
    return null;
  }
  const { configuration, runtime, above } = places.value.directories;
  const directory = hasOption(call.options, 'runtime') ? runtime : configuration;
  if (isFull) {
    const [fragment] = files;
    const folder = fragment?.path.slice(0, fragment.path.lastIndexOf('/')) ?? '';
    // A file that comes before the directory written to would hide what is written there.
    const path = fragment !== undefined && above.includes(folder) ? fragment.path : `${directory}/${unit}`;
    return { unit, path, proposal: fragment?.text ?? '' };
  }
  const name = optionText(call.options, 'drop-in') ?? 'override';
  const path = `${directory}/${unit}.d/${name.endsWith('.conf') ? name : `${name}.conf`}`;
  return { unit, path, proposal: withMarks(path, files) };
}

function withMarks(path: string, files: CatAnswer['units'][number]['files']): string {
  const own = files.find((file) => file.path === path)?.text ?? '';
  const shown = files.filter((file) => file.path !== path)
    .map((file) => `\n\n### ${file.path}\n${file.text.trimEnd().split('\n').map((line) => `# ${line}`.trimEnd()).join('\n')}`).join('');
  return `${HEAD}\n### ${path}\n\n${own}\n\n${FOOT}${shown}\n`;
}

/** Without its marks, as far as they are there, and with one line feed at its end; '' when nothing is left. */
function betweenMarks(text: string): string {
  const lines = text.split('\n');
  const head = lines.indexOf(HEAD);
  // The path stands in a line of its own below the first mark.
  const start = head < 0 ? 0 : head + (lines[head + 1]?.startsWith('### /') === true ? 2 : 1);
  const foot = lines.indexOf(FOOT);
  const trimmed = lines.slice(start, foot < 0 ? lines.length : foot).join('\n').trim();
  return trimmed === '' ? '' : `${trimmed}\n`;
}

/** Reads the units again and tells what is wrong with the files written, while they are still in the author's mind. */
function* putIntoEffect(written: readonly Target[]): VerbRun {
  const reload = yield* request('daemon-reload', {});
  if (!reload.ok) {
    yield* complain(reload.failure.message);
    return EXIT.failed;
  }
  const verdicts = yield* request('verify', { units: written.map(({ unit }) => unit).filter((unit) => !unit.includes('@.')) });
  if (!verdicts.ok) return EXIT.done;
  for (const diagnostic of verdicts.value.units.flatMap((unit) => unit.diagnostics)) {
    if (!written.some(({ path }) => path === diagnostic.file)) continue;
    yield* complain(`${placeText(diagnostic)}: ${diagnostic.severity}: ${harmless(diagnostic.message)}`);
  }
  return EXIT.done;
}

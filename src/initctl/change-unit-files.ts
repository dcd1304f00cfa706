/** enable, disable and their kin: change links, tell which, and start or stop the units with `--now`. */
import type { UnitFileChangesAnswer } from '../control/answers.ts';
import type { Params } from '../control/requests.ts';
import { enqueueUnits } from './enqueue.ts';
import { EXIT, exitStatusOfFailure } from './exit-status.ts';
import { countOption, hasOption, optionText, type OptionName } from './options.ts';
import { complain, print, printJson, request, workingDirectory, type Invocation, type Verb, type VerbRun } from './verb.ts';
import { unitArgument } from './unit-argument.ts';

type Change = Params<'change-unit-files'>;

export interface UnitFileVerb {
  readonly name: Change['operation'];
  readonly synopsis: string;
  readonly summary: string;
  /** What `--now` does with the units afterwards; null = the verb has no such option. */
  readonly now: 'start' | 'stop' | null;
  /** Words it takes at least and at most. */
  readonly words?: readonly [number, number];
  readonly options?: readonly OptionName[];
}

const PRESET_MODES = ['full', 'enable-only', 'disable-only'] as const;

export function unitFileVerb(row: UnitFileVerb): Verb {
  return {
    name: row.name,
    aliases: [],
    group: 'Unit files',
    synopsis: row.synopsis,
    summary: row.summary,
    operand: row.words?.[1] === 0 ? 'none' : 'unit-files',
    options: [...(row.now === null ? [] : ['now'] as const), ...(row.options ?? []), 'runtime', 'force', 'no-reload', 'quiet', 'root', 'json'],
    runs: 'manager',
    run: (call) => changeUnitFiles(call, row),
  };
}

function* changeUnitFiles(call: Invocation, row: UnitFileVerb): VerbRun {
  const [fewest, most] = row.words ?? [1, Infinity];
  if (call.words.length < fewest || call.words.length > most) {
    yield* complain(call.words.length < fewest ? 'Too few arguments.' : 'Too many arguments.');
    return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
  }
  const presetMode = optionText(call.options, 'preset-mode') ?? 'full';
  if (!isPresetMode(presetMode)) {
    yield* complain(`Failed to parse preset mode: ${presetMode}. It is one of ${PRESET_MODES.join(', ')}.`);
    return call.program === 'systemctl' ? EXIT.failed : EXIT.usage;
  }
  let words = call.words;
  if (row.name === 'link') {
    const relative = words.find((word) => !word.startsWith('/'));
    if (relative !== undefined) {
      const directory = hasOption(call.options, 'root') ? null : yield* workingDirectory();
      if (directory === null) {
        yield* complain(hasOption(call.options, 'root') ? `Non-absolute paths are not allowed when --root is used: ${relative}` : `Failed to link unit: ${relative} is not an absolute path.`);
        return EXIT.failed;
      }
      words = words.map((word) => absolutePath(word, directory));
    }
  } else if (row.name === 'disable' && words.some((word) => word.startsWith('/'))) {
    yield* complain("Warning: Can't execute disable on the unit file path. Proceeding with the unit name.");
    words = words.map((word) => word.slice(word.lastIndexOf('/') + 1));
  }
  const takesOwner = row.name === 'add-wants' || row.name === 'add-requires';
  const units = (takesOwner ? words.slice(1) : words).map((word) => unitOf(word, row));
  const reply = yield* request('change-unit-files', {
    operation: row.name, units, runtime: hasOption(call.options, 'runtime'), force: countOption(call.options, 'force') > 0,
    reload: !hasOption(call.options, 'no-reload'), presetMode, owner: takesOwner ? unitArgument(words[0] ?? '', 'target') : '',
  });
  if (!reply.ok) {
    yield* complain(reply.failure.message);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  const goesOn = row.now !== null && hasOption(call.options, 'now') && !hasOption(call.options, 'root') && !reply.value.failed && reply.value.units.length > 0;
  if (hasOption(call.options, 'json')) {
    if (!goesOn) yield* printJson(reply.value);
  } else {
    yield* tell(call, row, reply.value);
  }
  if (reply.value.failed) return EXIT.failed;
  return goesOn ? yield* enqueueUnits({ ...call, verb: row.now }, row.now, reply.value.units, null, reply.value) : EXIT.done;
}

/** Without `.` and `..`: the path becomes the target of a link. */
function absolutePath(path: string, directory: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${directory}/`}${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function unitOf(word: string, row: UnitFileVerb): string {
  if (word.startsWith('/')) return word;
  return unitArgument(word, row.name === 'set-default' ? 'target' : 'service');
}

function isPresetMode(word: string): word is Change['presetMode'] {
  return PRESET_MODES.some((mode) => mode === word);
}

/** Verbs that are in vain for a unit without [Install]. */
const ABOUT_INSTALL: readonly string[] = ['enable', 'reenable'];

function* tell(call: Invocation, row: UnitFileVerb, answer: UnitFileChangesAnswer): VerbRun<void> {
  if (!hasOption(call.options, 'quiet')) {
    // systemctl says these on standard error, and scripts read its standard output.
    for (const line of answer.lines) yield* complain(call.terminal.unicode ? line : line.replace('→', '->'));
    for (const warning of answer.warnings) yield* complain(warning);
  }
  for (const problem of answer.problems) yield* complain(problem);
  if (answer.hasInstallRules || answer.failed || !ABOUT_INSTALL.includes(row.name) || hasOption(call.options, 'quiet') || hasOption(call.options, 'no-warn')) return;
  yield* complain(`Nothing was enabled: the unit files say in no [Install] section which unit or alias would pull them in. They are started by what depends on them, by a trigger, or by hand.`);
}

/** get-default prints one word, whatever tool it is called by. */
export function* printDefault(call: Invocation): VerbRun {
  const reply = yield* request('get-default', {});
  if (!reply.ok) {
    yield* complain(`Failed to get default target: ${reply.failure.message}`);
    return EXIT.failed;
  }
  if (hasOption(call.options, 'json')) yield* printJson(reply.value);
  else yield* print(reply.value.unit);
  return EXIT.done;
}

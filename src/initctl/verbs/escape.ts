import { ok, problem, type Result } from '../../base/result.ts';
import {
  escapeUnitPath, escapeUnitText, isTemplateName, mangleUnitName, nameInstance, templateOf, unescapeUnitPath, unescapeUnitText, UNIT_KINDS, unitNameForm, withInstance,
} from '../../core/unit/unit-name.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption, optionText, type Options } from '../options.ts';
import { complain, print, printJson, type Verb } from '../verb.ts';

/** What the options ask for. */
interface Request {
  readonly action: 'escape' | 'unescape' | 'mangle';
  readonly suffix: string | null;
  readonly template: string | null;
  readonly instance: boolean;
  readonly path: boolean;
}

/** Does and prints what systemd-escape(1) does. */
export const escape: Verb = {
  name: 'escape',
  aliases: [],
  group: 'Tools',
  synopsis: 'TEXT…',
  summary: 'Escape texts for use in unit names, or undo it',
  operand: 'free',
  options: ['suffix', 'template', 'instance', 'unescape', 'mangle', 'path', 'json'],
  shortOptions: { u: 'unescape', m: 'mangle', p: 'path' },
  runs: 'node',
  *run(call) {
    const request = readRequest(call.options);
    if (typeof request === 'string' || call.words.length === 0) {
      yield* complain(typeof request === 'string' ? request : 'Not enough arguments.');
      return EXIT.failed;
    }
    const asJson = hasOption(call.options, 'json');
    const done: string[] = [];
    let failure: string | null = null;
    for (const word of call.words) {
      const result = perform(word, request);
      if (!result.ok) {
        failure = result.problem;
        break;
      }
      if (request.path && request.action === 'escape' && !word.startsWith('/')) yield* complain(warningOf(word));
      done.push(result.value);
    }
    if (asJson) yield* printJson(call.words.slice(0, done.length).map((word, index) => ({ text: word, result: done[index] })));
    // What was done before the first mistake is printed without an end of line.
    else if (failure === null) yield* print(`${done.join(' ')}\n`);
    else if (done.length > 0) yield { step: 'out', text: done.join(' ') };
    if (failure !== null) yield* complain(failure);
    return failure === null ? EXIT.done : EXIT.failed;
  },
};

function warningOf(word: string): string {
  return word === ''
    ? "Input '' is not a valid file system path, escaping is likely not going be reversible."
    : `Input '${word}' is not an absolute file system path, escaping is likely not going to be reversible.`;
}

/** @returns a sentence when the options do not go together */
function readRequest(options: Options): Request | string {
  const suffix = optionText(options, 'suffix');
  const template = optionText(options, 'template');
  const [instance, path] = [hasOption(options, 'instance'), hasOption(options, 'path')];
  const action = hasOption(options, 'mangle') ? 'mangle' : hasOption(options, 'unescape') ? 'unescape' : 'escape';
  if (suffix !== null && !(UNIT_KINDS as readonly string[]).includes(suffix)) return `Invalid unit suffix type "${suffix}".`;
  if (template !== null && !isTemplateName(template)) return `Template name ${template} is not valid.`;
  if (template !== null && suffix !== null) return '--suffix= and --template= may not be combined.';
  if ((template !== null || suffix !== null) && action === 'mangle') return '--suffix= and --template= are not compatible with --mangle.';
  if (suffix !== null && action === 'unescape') return '--suffix is not compatible with --unescape.';
  if (path && action === 'mangle') return '--path may not be combined with --mangle.';
  if (instance && action !== 'unescape') return '--instance must be used in conjunction with --unescape.';
  if (instance && template !== null) return '--instance may not be combined with --template.';
  return { action, suffix, template, instance, path };
}

function perform(word: string, request: Request): Result<string> {
  switch (request.action) {
    case 'escape': return escapeWord(word, request);
    case 'unescape': return unescapeWord(word, request);
    case 'mangle': {
      const name = mangleUnitName(word);
      return name === null ? problem('Failed to mangle name: Invalid argument') : ok(name);
    }
  }
}

function escapeWord(word: string, { path, template, suffix }: Request): Result<string> {
  let escaped = word;
  if (path) {
    const result = escapeUnitPath(word);
    if (!result.ok) return problem(`Input '${word}' is not ${word.startsWith('/') ? 'a normalized' : 'an absolute'} file system path, failed to escape.`);
    escaped = result.value;
  } else {
    escaped = escapeUnitText(word);
  }
  if (template !== null) {
    const name = withInstance(template, escaped);
    return name === null ? problem('Failed to replace instance: Invalid argument') : ok(name);
  }
  return ok(suffix === null ? escaped : `${escaped}.${suffix}`);
}

function unescapeWord(word: string, { path, template, instance }: Request): Result<string> {
  let text = word;
  if (template !== null || instance) {
    if (unitNameForm(word) === null) return problem('Failed to extract instance: Invalid argument');
    const found = nameInstance(word);
    if (found === null || found === '') return problem(`Unit ${word} is missing the instance name.`);
    const ownTemplate = templateOf(word);
    if (template !== null && ownTemplate !== template) return problem(`Unit ${word} template ${ownTemplate ?? ''} does not match specified template ${template}.`);
    text = found;
  }
  const result = path ? unescapeUnitPath(text) : unescapeUnitText(text);
  return result.ok ? result : problem('Failed to unescape string: Invalid argument');
}

/** The manager's own environment block, which its services inherit. */
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { checkOutputFormat, jsonFormat, printJsonObject } from '../json-table.ts';
import { simplyAsk } from '../simply-ask.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*=/s;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const setEnvironment: Verb = {
  name: 'set-environment',
  aliases: [],
  group: 'Manager',
  synopsis: 'NAME=VALUE…',
  summary: 'Set environment variables for services started from now on',
  operand: 'assignments',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const wrong = call.words.find((word) => !ASSIGNMENT.test(word));
    if (wrong !== undefined || call.words.length === 0) {
      yield* complain(wrong === undefined ? 'Too few arguments.' : `Failed to set environment: "${wrong}" is no assignment`);
      return EXIT.usage;
    }
    return yield* simplyAsk(call, 'set-environment', { assignments: call.words });
  },
};

export const unsetEnvironment: Verb = {
  name: 'unset-environment',
  aliases: [],
  group: 'Manager',
  synopsis: 'NAME…',
  summary: 'Take environment variables back',
  operand: 'names',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const wrong = call.words.find((word) => !NAME.test(word) && !ASSIGNMENT.test(word));
    if (wrong !== undefined || call.words.length === 0) {
      yield* complain(wrong === undefined ? 'Too few arguments.' : `Failed to set environment: "${wrong}" is no name of a variable`);
      return EXIT.usage;
    }
    return yield* simplyAsk(call, 'set-environment', { unset: call.words });
  },
};

export const importEnvironment: Verb = {
  name: 'import-environment',
  aliases: [],
  group: 'Manager',
  synopsis: '[NAME…]',
  summary: "Set variables as they are in the caller's environment",
  operand: 'names',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const wrong = call.words.find((word) => !NAME.test(word));
    if (wrong !== undefined) {
      yield* complain(`Not a valid environment variable name: ${wrong}`);
      return EXIT.usage;
    }
    if (call.words.length === 0) yield* complain('Calling import-environment without a list of variable names is deprecated.');
    return yield* simplyAsk(call, 'set-environment', { import: call.words.length === 0 ? null : call.words });
  },
};

export const showEnvironment: Verb = {
  name: 'show-environment',
  aliases: [],
  group: 'Manager',
  synopsis: '',
  summary: "Print the manager's environment block",
  operand: 'none',
  options: ['output', 'json'],
  runs: 'manager',
  *run(call) {
    const wrong = yield* checkOutputFormat(call);
    if (wrong !== null) return wrong;
    const reply = yield* request('get-environment', {});
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    const format = jsonFormat(call);
    if (hasOption(call.options, 'json')) yield* printJson(reply.value.environment);
    else if (format !== null) yield* printJsonObject(format, Object.fromEntries(reply.value.environment.map((assignment) => [assignment.slice(0, assignment.indexOf('=')), assignment.slice(assignment.indexOf('=') + 1)])));
    else yield* print(reply.value.environment.map((assignment) => `${quoteAssignment(assignment)}\n`).join(''));
    return EXIT.done;
  },
};

export const env: Verb = {
  name: 'env',
  aliases: [],
  group: 'Explanations',
  synopsis: 'UNIT',
  summary: 'Print the environment that a service would be given if it were started now',
  operand: 'units',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const [word = '', ...more] = call.words;
    if (more.length > 0) {
      yield* complain('Too many arguments.');
      return EXIT.usage;
    }
    const reply = yield* request('unit-environment', { unit: unitArgument(word) });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return exitStatusOfFailure(reply.failure.name, call.program);
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value);
    else yield* print(reply.value.variables.map(({ name, value }) => `${quoteAssignment(`${name}=${value}`)}\n`).join(''));
    return EXIT.done;
  },
};

/** So that a shell can read it back: systemctl(1), "show-environment". */
function quoteAssignment(assignment: string): string {
  const equals = assignment.indexOf('=');
  const value = assignment.slice(equals + 1);
  if (/^[A-Za-z0-9_@%+=:,./-]*$/.test(value)) return assignment;
  return `${assignment.slice(0, equals)}=$'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`;
}

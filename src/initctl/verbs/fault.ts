import { FAULTS, FAULT_PLACES, UNIT_FAULTS } from '../../control/requests.ts';
import type { Fault, FaultPlace, Given, UnitFault } from '../../control/requests.ts';
import { parseTimeSpan } from '../../core/time/time-span.ts';
import { awaitAssertions, lookBefore, parseAssertion, type Assertion, type Judgement } from '../drill-assertions.ts';
import { EXIT, exitStatusOfFailure } from '../exit-status.ts';
import { hasOption, optionText } from '../options.ts';
import { paint } from '../text/style.ts';
import { unitArgument } from '../unit-argument.ts';
import { complain, print, printJson, request, type Invocation, type Reply, type Verb, type VerbRun } from '../verb.ts';

const WITHIN_DEFAULT_USEC = 10_000_000;
const USAGE = `fault takes a death of the manager (${FAULTS.join(', ')}; and perhaps "at PLACE [PASSES [DEATHS]]"), "logd", or `
  + `a misfortune of a unit: kill UNIT, hang UNIT [SPAN], slow-start UNIT [SPAN], spawn-failure UNIT [COUNT], oom UNIT [SPAN]`;

/** What is to happen, as a request. */
type Wish =
  | { readonly method: 'fault'; readonly params: Given<'fault'>; readonly unit: null }
  | { readonly method: 'logd-fault'; readonly unit: null }
  | { readonly method: 'unit-fault'; readonly params: Given<'unit-fault'>; readonly unit: string };

export const fault: Verb = {
  name: 'fault',
  aliases: [],
  group: 'Manager',
  synopsis: 'HOW [ARGUMENT…]',
  summary: 'A drill: let the manager or logd die, or something befall a unit',
  details: [
    'fault HOW [at PLACE [PASSES [DEATHS]]]   the manager dies, at once or at a place, so many times',
    'fault logd                               the log process dies',
    'fault kill UNIT                          the main process is killed',
    'fault hang UNIT [SPAN]                   all processes stand still',
    'fault slow-start UNIT [SPAN]             the next start takes that long',
    'fault spawn-failure UNIT [COUNT]         as many starts fail',
    'fault oom UNIT [SPAN]                    it may have half of its memory, and the kernel ends one of its processes',
    '',
    `HOW is one of:   ${FAULTS.join(' ')}`,
    `PLACE is one of: ${FAULT_PLACES.join(' ')}`,
  ],
  operand: 'free',
  options: ['assert', 'within', 'json'],
  runs: 'manager',
  outlivesManager: (call) => hasOption(call.options, 'assert'),
  *run(call) {
    const wish = readWish(call.words);
    const assertions = (call.options.assert ?? []).map(parseAssertion);
    const within = optionText(call.options, 'within');
    const span = within === null ? null : parseTimeSpan(within);
    const wrong = typeof wish === 'string' ? wish : assertions.find((each) => typeof each === 'string')
      ?? (span !== null && (!span.ok || span.value === 'infinity') ? `--within: "${within ?? ''}" is no time span` : null);
    if (typeof wish === 'string' || wrong !== null) {
      yield* complain(String(wrong));
      return EXIT.usage;
    }
    if (assertions.length === 0) return yield* commit(call, wish);
    const withinUsec = span?.ok === true && span.value !== 'infinity' ? span.value : WITHIN_DEFAULT_USEC;
    return yield* drill(call, wish, assertions as readonly Assertion[], withinUsec);
  },
};

/** @returns a sentence when it is none */
function readWish(words: readonly string[]): Wish | string {
  const [how = '', ...rest] = words;
  if (how === 'logd') return rest.length === 0 ? { method: 'logd-fault', unit: null } : USAGE;
  if (UNIT_FAULTS.includes(how as UnitFault)) return readMisfortune(how as UnitFault, rest);
  const [at, place, passes = '0', deaths = '1', ...more] = rest;
  const isNumbered = /^\d{1,6}$/.test(passes) && /^[1-9]\d?$/.test(deaths);
  if (more.length > 0 || !FAULTS.includes(how as Fault) || (at !== undefined && at !== 'at') || !isNumbered) return USAGE;
  if (at !== undefined && !FAULT_PLACES.includes(place as FaultPlace)) return `the place of a fault is one of: ${FAULT_PLACES.join(', ')}`;
  return { method: 'fault', params: { how: how as Fault, at: at === undefined ? null : (place as FaultPlace), passes: Number(passes), deaths: Number(deaths) }, unit: null };
}

function readMisfortune(how: UnitFault, [word, much, ...more]: readonly string[]): Wish | string {
  if (word === undefined || more.length > 0 || (how === 'kill' && much !== undefined)) return USAGE;
  const unit = unitArgument(word);
  if (much === undefined) return { method: 'unit-fault', params: { how, unit }, unit };
  if (how === 'spawn-failure') return /^[1-9]\d{0,2}$/.test(much) ? { method: 'unit-fault', params: { how, unit, count: Number(much) }, unit } : `"${much}" is no number of starts (1 to 999)`;
  const span = parseTimeSpan(much);
  const isUsable = span.ok && span.value !== 'infinity' && span.value >= 1000 && span.value <= 3_600_000_000;
  return isUsable ? { method: 'unit-fault', params: { how, unit, durationMsec: Math.round(Number(span.value) / 1000) }, unit } : `"${much}" is no time span from 1ms to 1h`;
}

function* ask(wish: Wish): VerbRun<Reply<'fault'>> {
  switch (wish.method) {
    case 'fault': return yield* request('fault', wish.params);
    case 'logd-fault': return yield* request('logd-fault', {});
    case 'unit-fault': return yield* request('unit-fault', wish.params);
  }
}

function* commit(call: Invocation, wish: Wish): VerbRun {
  const reply = yield* ask(wish);
  if (!reply.ok) {
    yield* complain(`Failed to ${call.verb}: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  if (hasOption(call.options, 'json')) yield* printJson(reply.value);
  return EXIT.done;
}

function* drill(call: Invocation, wish: Wish, assertions: readonly Assertion[], withinUsec: number): VerbRun {
  const before = yield* lookBefore(wish.unit);
  if (before === null) {
    yield* complain('no manager answers');
    return EXIT.failed;
  }
  const reply = yield* ask(wish);
  if (!reply.ok) {
    yield* complain(`Failed to ${call.verb}: ${reply.failure.message}`);
    return exitStatusOfFailure(reply.failure.name, call.program);
  }
  const judgements = yield* awaitAssertions(assertions, before, withinUsec);
  if (hasOption(call.options, 'json')) yield* printJson({ assertions: judgements });
  else yield* print(judgements.map((each) => describe(call, each)).join('\n'));
  return judgements.every(({ holds }) => holds) ? EXIT.done : EXIT.failed;
}

function describe(call: Invocation, { assertion, holds, found }: Judgement): string {
  return `${paint(call.terminal, holds ? 'good' : 'bad', holds ? 'yes' : 'NO ')}  ${assertion}  (${found})`;
}

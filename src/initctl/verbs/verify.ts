import type { DiagnosticAnswer, VerifyAnswer } from '../../control/answers.ts';
import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { paint } from '../text/style.ts';
import { placeText } from '../text/place.ts';
import { harmless } from '../text/width.ts';
import { unitArguments } from '../unit-argument.ts';
import { complain, print, printJson, request, type Verb } from '../verb.ts';

export const verify: Verb = {
  name: 'verify',
  aliases: [],
  group: 'Explanations',
  synopsis: '[UNIT…|FILE…]',
  summary: 'Check unit files: mistakes, and what would not be put into effect',
  operand: 'units-optional',
  options: ['quiet', 'json'],
  runs: 'manager',
  worksOnFiles: (call) => call.words.some((word) => word.includes('/')),
  *run(call) {
    const units = call.words.map((word) => (word.includes('/') ? word : (unitArguments([word])[0] as string)));
    const reply = yield* request('verify', { units });
    if (!reply.ok) {
      yield* complain(reply.failure.message);
      return EXIT.failed;
    }
    if (hasOption(call.options, 'json')) yield* printJson(reply.value.units);
    else yield* print(renderVerdicts(reply.value, { terminal: call.terminal, quiet: hasOption(call.options, 'quiet') }));
    return hasErrors(reply.value, call.words.length > 0) ? EXIT.failed : EXIT.done;
  },
};

/**
 * What makes a check fail: a unit that cannot be used. Warnings are shown, and do not. A masked unit is somebody's will, and a failure
 * only when just this unit was asked about, as with systemd-analyze(1).
 */
export function hasErrors(answer: VerifyAnswer, named: boolean): boolean {
  const unusable = ['not-found', 'bad-setting', 'error', ...(named ? ['masked'] : [])];
  return answer.units.some((unit) => unusable.includes(unit.load) || unit.diagnostics.some((diagnostic) => diagnostic.severity === 'error'));
}

/** Whether the line that makes a unit unusable is among its diagnostics, with its column. */
function isTold(loadError: string, diagnostics: readonly DiagnosticAnswer[]): boolean {
  return diagnostics.some(({ severity, message }) => severity === 'error' && loadError.endsWith(message));
}

export function renderVerdicts(answer: VerifyAnswer, style: { readonly terminal: Terminal; readonly quiet: boolean }): string {
  const { terminal } = style;
  const lines: string[] = [];
  for (const unit of answer.units) {
    if (unit.load === 'masked') lines.push(`${unit.unit}: ${paint(terminal, 'warn', 'masked')}`);
    else if (unit.loadError !== null && !isTold(unit.loadError, unit.diagnostics)) lines.push(`${unit.unit}: ${paint(terminal, 'bad', 'error')}: ${harmless(unit.loadError)}`);
    else if (unit.load === 'not-found') lines.push(`${unit.unit}: ${paint(terminal, 'bad', 'error')}: no file has this name`);
    for (const diagnostic of unit.diagnostics) {
      const place = placeText(diagnostic);
      const tone = diagnostic.severity === 'error' ? 'bad' : diagnostic.severity === 'warning' ? 'warn' : 'dim';
      lines.push(`${place}: ${paint(terminal, tone, diagnostic.severity)}: ${harmless(diagnostic.message)}`);
    }
    if (style.quiet) continue;
    for (const item of unit.notEffective) {
      lines.push(`${item.origin === '' ? unit.unit : item.origin}: ${paint(terminal, 'dim', 'not effective')}: ${item.directive}=${harmless(item.requested)}: ${item.why}`);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

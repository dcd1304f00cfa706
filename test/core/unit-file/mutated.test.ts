/** Heartwood's verdicts on changed unit files are those that systemd 252 gave. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyUnits } from '../../../src/core/unit-file/verify.ts';
import { mutate } from '../../systemd/mutate.ts';
import { decodeUnitFile } from '../../../src/host/unit-loader/read-unit-file.ts';
import { MUTATED_ANSWERS, MUTATION_BASES, type MutatedAnswer } from './mutated-answers.ts';
import { unitOf } from './unit-rig.ts';

const ANSWERS = readFileSync(MUTATED_ANSWERS, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as MutatedAnswer);
/** Programs that the bases name exist where the answers were recorded; those of the changes do not. */
const PROGRAM = /^(?:\/usr)?\/s?bin\//;

function verdictOn({ name, seed }: MutatedAnswer): { readonly what: string; readonly text: Uint8Array; readonly fails: boolean; readonly lines: ReadonlySet<number>; readonly said: string } {
  const original = readFileSync(join(MUTATION_BASES, name));
  const { text, what } = seed === 0 ? { text: original, what: 'as it is' } : mutate(original, `${name}:${String(seed)}`);
  const unit = unitOf(name, decodeUnitFile(text));
  const diagnostics = verifyUnits([unit], {
    find: (other) => unitOf(other, '[Service]\nExecStart=/bin/true\n[Timer]\nOnBootSec=1\n[Socket]\nListenStream=1\n[Path]\nPathExists=/etc\n'),
    isExecutable: (path) => PROGRAM.test(path), exists: () => true,
  });
  return {
    what, text, // The loader takes an empty file for a mask.
    fails: text.length === 0 || diagnostics.some(({ severity }) => severity === 'error'), lines: new Set(diagnostics.map(({ line }) => line)),
    said: diagnostics.map(({ line, severity, message }) => `${String(line)}: ${severity}: ${message}`).join('\n'),
  };
}

/** systemd names the last line of a continued one, Heartwood the first: all lines that `last` goes on from, and itself. */
function beginnings(text: Uint8Array, last: number): readonly number[] {
  const lines = new TextDecoder().decode(text).split(/(?:\r\n?|\n\r?)\0?|\0/);
  let first = last;
  while (first > 1 && /(?:\\|^\s*[#;].*)$/.test(lines[first - 2] ?? '')) first -= 1;
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

for (const name of new Set(ANSWERS.map((answer) => answer.name))) {
  test(`changed copies of ${name} are refused when systemd 252 refuses them, and what it complains about is told`, () => {
    const problems: string[] = [];
    for (const answer of ANSWERS.filter((each) => each.name === name)) {
      const { what, text, fails, lines, said } = verdictOn(answer);
      const of = `seed ${String(answer.seed)}, ${what}`;
      if (fails !== answer.fails) problems.push(`${of}: systemd ${answer.fails ? 'refuses' : 'takes'} it; said is:\n${said}`);
      for (const line of answer.lines) if (!beginnings(text, line).some((each) => lines.has(each))) problems.push(`${of}: nothing is said about line ${String(line)}; said is:\n${said}`);
    }
    assert.deepEqual(problems, []);
  });
}

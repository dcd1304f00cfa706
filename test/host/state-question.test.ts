/** Would this build go on with that state: with its own it would; with one it cannot reproduce it says what would be different. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerQuestion } from '../../src/host/checkpoint/state-question.ts';
import { createUnitLoader } from '../../src/host/unit-loader/unit-loader.ts';
import { BUILT_IN_DEFAULTS } from '../../src/core/unit-file/unit-defaults.ts';
import { SNAPSHOT_FORMAT } from '../../src/core/manager/survival/serialise.ts';
import { readSpecifierFacts } from '../../src/host/unit-loader/specifier-facts.ts';
import type { UnitName } from '../../src/base/brand.ts';

/** Questions as released builds asked them, one for each format, with the unit files they are about. Never to be changed. */
const FIXTURES = join(import.meta.dirname, '../fixtures/states');

const loader = createUnitLoader({
  mode: 'system', hasDevices: false, directories: [join(FIXTURES, 'units')], root: '', defaults: BUILT_IN_DEFAULTS,
  specifiers: readSpecifierFacts({ mode: 'system', root: '', uid: 0, gid: 0, environment: {}, runtimeRoot: '/run' }),
});
const load = (names: readonly UnitName[]) => loader.loadClosure(names, () => undefined);

function question(format: number): string {
  return readFileSync(join(FIXTURES, `format-${String(format)}.txt`), 'utf8');
}

function withHead(text: string, change: (head: { layout: number; units: { name: string; subState: string }[] }) => void): string {
  const [first = '', state = ''] = text.split('\n');
  const head = JSON.parse(first) as Parameters<typeof change>[0];
  change(head);
  return `${JSON.stringify(head)}\n${state}`;
}

test('the state of every released format is gone on with', () => {
  const formats = readdirSync(FIXTURES).flatMap((name) => /^format-(\d+)\.txt$/.exec(name)?.[1] ?? []).map(Number);
  assert.ok(formats.includes(SNAPSHOT_FORMAT), `format ${String(SNAPSHOT_FORMAT)} has no fixture: keep what \`stateQuestion\` yields as test/fixtures/states/format-${String(SNAPSHOT_FORMAT)}.txt`);
  for (const format of formats) {
    assert.equal(answerQuestion(question(format), load), null, `format ${String(format)}`);
  }
});

test('a build that would make something else of a unit says of which, and what', () => {
  const other = withHead(question(SNAPSHOT_FORMAT), (head) => {
    const unit = head.units.find(({ subState }) => subState === 'running');
    assert.ok(unit !== undefined);
    unit.subState = 'start-post';
  });
  assert.match(answerQuestion(other, load) ?? '', /^\S+\.service would have subState running instead of start-post$/);
});

test('a memory laid out in another way and a format of later days are not gone on with', () => {
  assert.match(answerQuestion(withHead(question(SNAPSHOT_FORMAT), (head) => { head.layout += 1; }), load) ?? '', /cannot read layout/);
  assert.match(answerQuestion(question(SNAPSHOT_FORMAT).replace(`{"format":${String(SNAPSHOT_FORMAT)},`, '{"format":999,'), load) ?? '', /format 999 is not known here/);
});

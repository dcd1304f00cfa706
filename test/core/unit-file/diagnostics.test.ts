/**
 * Golden texts: what each file of `diagnostics/` gives rise to, line by line. After a wanted change:
 * `HEARTWOOD_GOLDEN=write node --import tsx --test test/core/unit-file/diagnostics.test.ts`, and read the difference.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { decodeUnitFile } from '../../../src/host/unit-loader/read-unit-file.ts';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { lexUnitFile, LINE_LENGTH_MAX } from '../../../src/core/unit-file/lexer.ts';
import { verifyUnits } from '../../../src/core/unit-file/verify.ts';
import { saidOf, unitOf } from './unit-rig.ts';

const DIRECTORY = join(import.meta.dirname, 'diagnostics');

/** All programs but one exist, and only units that are not called missing. */
function said(unit: UnitDefinition): string {
  const diagnostics = verifyUnits([unit], {
    find: (name) => (name.startsWith('missing') ? undefined : unitOf(name, '[Service]\nExecStart=/bin/true\n[Timer]\nOnBootSec=1\n[Socket]\nListenStream=1\n')),
    isExecutable: (path) => !path.startsWith('/nowhere/'),
    exists: () => true,
  });
  return diagnostics.map(({ file, line, column, severity, message }) => `${file}:${String(line)}:${String(column)}: ${severity}: ${message}\n`).join('');
}

for (const name of readdirSync(DIRECTORY).filter((each) => !each.endsWith('.expected')).sort()) {
  test(`mistakes in ${name} are told with their place, the name that was probably meant, and what was done`, () => {
    const text = said(unitOf(name, decodeUnitFile(readFileSync(join(DIRECTORY, name)))));
    const golden = join(DIRECTORY, `${name}.expected`);
    if (process.env['HEARTWOOD_GOLDEN'] === 'write') writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
}

test('a column points at the very character', () => {
  const line = '  After =  a.service b,service   c.service';
  const [only] = unitOf('a.target', `[Unit]\n${line}\n`).diagnostics;
  assert.equal(only?.column, line.indexOf('b,service') + 1);
});

test('what is wrong in a continued line is told at its beginning', () => {
  const [only] = unitOf('a.target', '[Unit]\n  After=a.service \\\n  b,service\n').diagnostics;
  assert.deepEqual([only?.line, only?.column], [2, 3]);
});

test('a key that begins in a continuation has no column', () => {
  const [entry] = lexUnitFile('[Unit]\n \\\n  After=a.service\n', 'f').entries;
  assert.deepEqual([entry?.line, entry?.column, entry?.valueColumn], [2, 0, 0]);
});

test('an over-long line makes the file unusable, and says so', () => {
  const unit = unitOf('a.target', `[Unit]\nDescription=${'x'.repeat(LINE_LENGTH_MAX)}\n`);
  assert.equal(unit.loadState, 'error');
  assert.deepEqual(saidOf(unit), [`error 2: The line is longer than ${String(LINE_LENGTH_MAX)} characters; the file is not used.`]);
});

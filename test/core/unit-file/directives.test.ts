import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allDirectives, SECTIONS, directivesOf, findDirective, sectionsOf } from '../../../src/core/unit-file/directives.ts';
import { parseDirectiveUse, renderDirectiveReference } from '../../../src/core/unit-file/directive-reference.ts';
import { nearestName } from '../../../src/core/unit-file/nearest-name.ts';
import { UNIT_KINDS } from '../../../src/core/unit/unit-name.ts';
import { serviceOf } from './unit-rig.ts';

test('every section knows its directives, old and new', () => {
  for (const [section, name] of [
    ['Unit', 'After'], ['Unit', 'AssertPathExists'], ['Unit', 'WantsMountsFor'], ['Install', 'UpheldBy'], ['Service', 'ExecStart'], ['Service', 'RestartSteps'],
    ['Service', 'LimitNOFILE'], ['Service', 'KillMode'], ['Service', 'MemoryMax'], ['Service', 'StartLimitInterval'], ['Socket', 'ListenStream'], ['Socket', 'User'],
    ['Timer', 'OnCalendar'], ['Path', 'PathChanged'], ['Mount', 'What'], ['Automount', 'TimeoutIdleSec'], ['Swap', 'Priority'], ['Slice', 'CPUWeight'], ['Scope', 'RuntimeMaxSec'],
  ] as const) assert.ok(findDirective(section, name) !== undefined, `${section} ${name}`);
  assert.equal(findDirective('Unit', 'ExecStart'), undefined);
  assert.equal(findDirective('Service', 'toString'), undefined);
  assert.deepEqual(SECTIONS, [...new Set(allDirectives().flatMap(({ sections }) => sections))]);
  assert.ok((directivesOf('Service')?.names().length ?? 0) >= 243);
  assert.equal(directivesOf('Nothing'), undefined);
});

test('a section has each name once, and an older spelling leads to a directive of the same section', () => {
  for (const directive of allDirectives()) {
    if (directive.aliasOf === null) continue;
    for (const section of directive.sections) assert.equal(findDirective(section, directive.aliasOf)?.aliasOf, null, directive.name);
  }
  for (const kind of UNIT_KINDS) for (const section of sectionsOf(kind)) assert.ok(SECTIONS.includes(section));
});

test('setting a directive to the default of the table requests nothing', () => {
  for (const directive of allDirectives()) {
    if (directive.status.state !== 'parsed' || !directive.sections.includes('Service') || directive.fallback === '' || directive.fallback.includes(' ')) continue;
    const unit = serviceOf(`${directive.name}=${directive.fallback}`);
    assert.deepEqual(unit.notEffective, [], directive.name);
    assert.deepEqual(unit.diagnostics, [], directive.name);
  }
});

const USE = parseDirectiveUse(readFileSync(new URL('../../../tools/directive-use.tsv', import.meta.url), 'utf8'));

test('of what the packages of Debian use, 98 of 100 assignments are in effect, and none but a typing error is unknown', () => {
  const all = USE.reduce((total, { assignments }) => total + assignments, 0);
  const stateOf = ({ section, name }: (typeof USE)[number]): string => findDirective(section, name)?.status.state ?? 'unknown';
  const honoured = USE.filter((each) => stateOf(each) === 'honoured').reduce((total, { assignments }) => total + assignments, 0);
  assert.ok(honoured / all > 0.98, `${String(honoured)} of ${String(all)}`);
  assert.deepEqual(USE.filter((each) => stateOf(each) === 'unknown').map(({ name }) => name), ['ExecRestart']);
});

test('the reference page is current', () => {
  const page = readFileSync(new URL('../../../docs/directives.md', import.meta.url), 'utf8');
  assert.equal(page, renderDirectiveReference(USE), 'run npx tsx tools/generate-directives.ts');
});

test('the nearest name is near, and there is none for what is far', () => {
  const known = ['After', 'Before', 'Wants', 'Requires', 'ExecStart', 'ExecStartPre'];
  assert.equal(nearestName('Aftre', known), 'After');
  assert.equal(nearestName('after', known), 'After');
  assert.equal(nearestName('ExecStar', known), 'ExecStart');
  assert.equal(nearestName('Xyz', known), null);
  assert.equal(nearestName('x'.repeat(1_000_000), known), null);
});

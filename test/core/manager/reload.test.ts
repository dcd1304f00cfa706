import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitName } from '../../../src/base/brand.ts';
import { keysOf } from '../../../src/base/persistent-map.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';
import { UnitFolder } from '../../../src/sim/unit-folder.ts';

const SECOND = 1_000_000;
const NO_DEFAULTS = '[Unit]\nDefaultDependencies=no\n';
const FILES = {
  'default.target': `${NO_DEFAULTS}Wants=a.service\nAfter=b.service\n`,
  'a.service': `${NO_DEFAULTS}After=b.service\nDescription=First\n[Service]\nExecStart=/bin/a\nExecStop=/bin/stop-a\n`,
  'b.service': `${NO_DEFAULTS}Description=Second\nBefore=c.service\n[Service]\nExecStart=/bin/b\n`,
  'c.service': `${NO_DEFAULTS}[Service]\nExecStart=/bin/c\n`,
};
const BROKEN = `${NO_DEFAULTS}[Service]\nType=simple\n`;

interface Machine {
  readonly kernel: SimulatedKernel;
  /** Writes the file and reloads. */
  readonly change: (file: string, text: string | null) => void;
}

function boot(): Machine {
  const folder = new UnitFolder(FILES);
  const kernel = new SimulatedKernel({ load: (names) => folder.load(names), restoreEvery: 1, scripts: { '/bin/stop-a': { exitAfterUsec: 0 } } });
  kernel.boot(folder.load(['default.target' as UnitName]));
  kernel.run(SECOND);
  const reload = (): void => { kernel.reload(folder.load(keysOf(kernel.state.units))); };
  return { kernel, change: (file, text) => { folder.write(file, text); reload(); } };
}

test('a file that breaks leaves the unit as it was loaded, running or not, and the unit says what is wrong', () => {
  const { kernel, change } = boot();
  for (const name of ['a.service', 'b.service']) {
    const before = kernel.unit(name).definition;
    change(name, BROKEN);
    const { definition } = kernel.unit(name);
    assert.equal(definition.loadState, 'bad-setting');
    assert.match(definition.loadError ?? '', /ExecStart=/);
    assert.deepEqual([definition.description, definition.dependencies], [before.description, before.dependencies]);
  }
  change('b.service', `${NO_DEFAULTS}Description=Mended\n[Service]\nExecStart=/bin/b\n`);
  const { definition } = kernel.unit('b.service');
  assert.deepEqual([definition.loadState, definition.loadError, definition.description, definition.outdated], ['loaded', null, 'Mended', undefined]);
});

test('a running service whose file broke is stopped as it was loaded, after any number of reloads and deaths of the engine', () => {
  const { kernel, change } = boot();
  change('a.service', BROKEN);
  change('a.service', `${BROKEN}Restart=always\n`);
  change('c.service', `${NO_DEFAULTS}[Service]\nExecStart=/bin/other\n`);
  kernel.enqueue('stop', 'a.service');
  kernel.run(SECOND);
  assert.ok(kernel.history.includes('spawn ExecStop a.service'));
  assert.equal(kernel.unit('a.service').activeState, 'inactive');
});

test('a file that is gone leaves a running service as it was loaded, and one that is down not at all', () => {
  const { kernel, change } = boot();
  change('a.service', null);
  change('a.service', null);
  assert.deepEqual([kernel.unit('a.service').definition.loadState, kernel.unit('a.service').definition.description], ['not-found', 'First']);
  kernel.enqueue('stop', 'a.service');
  kernel.run(SECOND);
  assert.ok(kernel.history.includes('spawn ExecStop a.service'));
  change('b.service', null);
  assert.equal(kernel.unit('b.service').definition.description, 'b.service');
});

test('a reload that changes no edge keeps the graph; one that does makes it anew', () => {
  const folder = new UnitFolder(FILES);
  const kernel = new SimulatedKernel({ load: (names) => folder.load(names) });
  kernel.boot(folder.load(['default.target' as UnitName]));
  const { graph } = kernel.state;
  folder.write('c.service', `${NO_DEFAULTS}Description=Third\n[Service]\nExecStart=/bin/c\n`);
  kernel.reload(folder.load(keysOf(kernel.state.units)));
  assert.equal(kernel.unit('c.service').definition.description, 'Third');
  assert.equal(kernel.state.graph, graph);
  folder.write('c.service', `${NO_DEFAULTS}Wants=a.service\n[Service]\nExecStart=/bin/c\n`);
  kernel.reload(folder.load(keysOf(kernel.state.units)));
  assert.notEqual(kernel.state.graph, graph);
});

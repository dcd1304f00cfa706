import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, service, target } from '../../../src/sim/definitions.ts';
import { SimulatedKernel } from '../../../src/sim/kernel.ts';

function mainPidOf(kernel: SimulatedKernel, name: string): number | null {
  const { runtime } = kernel.unit(name);
  return runtime.kind === 'service' ? runtime.mainPid : null;
}

test('MAINPID= cannot take over the process of another unit', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['a.service', 'b.service'] }), service('a.service', { notifyAccess: 'all' }), service('b.service')]);
  const own = mainPidOf(kernel, 'a.service');
  const foreign = mainPidOf(kernel, 'b.service');
  kernel.notify('a.service', own ?? 0, `MAINPID=${String(foreign)}\nSTATUS=here`);
  assert.equal(mainPidOf(kernel, 'a.service'), own);
  assert.equal(mainPidOf(kernel, 'b.service'), foreign);
  assert.ok(kernel.logs.some((line) => line.includes('belongs to b.service')), kernel.logs.join('\n'));
  const { runtime } = kernel.unit('a.service');
  assert.equal(runtime.kind === 'service' && runtime.statusText, 'here', 'the rest of the message counts');
});

test('MAINPID= cannot name the command that runs beside the main process', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['a.service'] }), service('a.service', { notifyAccess: 'all', execReload: [command('/bin/reload')] })]);
  const own = mainPidOf(kernel, 'a.service');
  kernel.enqueue('reload', 'a.service');
  const { runtime } = kernel.unit('a.service');
  const control = runtime.kind === 'service' ? runtime.controlPid : null;
  assert.notEqual(control, null);
  kernel.notify('a.service', own ?? 0, `MAINPID=${String(control)}`);
  assert.equal(mainPidOf(kernel, 'a.service'), own);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BootChartAnswer } from '../../src/control/answers.ts';
import { criticalChain } from '../../src/initctl/text/boot-times.ts';
import { runLine } from './verb-rig.ts';

const CHART: BootChartAnswer = {
  root: 'default.target', finishedUsec: 900_000,
  units: [
    { unit: 'early.service', active: 'active', beganUsec: 0, readyUsec: 100_000, endedUsec: null, after: [] },
    { unit: 'quick.service', active: 'active', beganUsec: 0, readyUsec: 50_000, endedUsec: null, after: [] },
    { unit: 'slow.service', active: 'active', beganUsec: 100_000, readyUsec: 900_000, endedUsec: null, after: ['early.service', 'quick.service'] },
    { unit: 'once<&>.service', active: 'inactive', beganUsec: 100_000, readyUsec: 200_000, endedUsec: 200_000, after: ['late.service'] },
    { unit: 'default.target', active: 'active', beganUsec: 900_000, readyUsec: 900_000, endedUsec: null, after: ['slow.service', 'once<&>.service', 'late.service'] },
    { unit: 'late.service', active: 'activating', beganUsec: 950_000, readyUsec: null, endedUsec: null, after: ['default.target'] },
  ],
};

test('the critical chain goes back over the unit that was ready last each time', () => {
  assert.deepEqual(criticalChain(CHART, 'default.target').map((link) => link.unit), ['default.target', 'slow.service', 'early.service']);
});

test('critical-chain tells when each unit was up and how long it took; of a unit that never started it says so', () => {
  const { out, exit } = runLine('initctl critical-chain', { 'boot-chart': CHART });
  assert.equal(exit, 0);
  assert.equal(out, '"@" is when a unit was up, "+" how long its start took.\ndefault.target @900ms\n└─slow.service @900ms +800ms\n  └─early.service @100ms +100ms\n');
  assert.equal(runLine('initctl critical-chain other.service', { 'boot-chart': CHART }).exit, 1);
});

test('blame lists the slowest first and leaves out what took no time or is not ready', () => {
  assert.equal(runLine('initctl blame', { 'boot-chart': CHART }).out, '800ms slow.service\n100ms early.service\n100ms once<&>.service\n 50ms quick.service\n');
});

test('plot is an SVG with a bar and a name for every unit, and names cannot break out of it', () => {
  const { out } = runLine('initctl plot', { 'boot-chart': CHART });
  assert.ok(out.startsWith('<svg ') && out.trimEnd().endsWith('</svg>'));
  assert.ok(out.includes('booted in 900ms') && out.includes('slow.service (800ms)') && out.includes('once&lt;&amp;&gt;.service'));
  assert.equal(out.includes('once<'), false);
});

test('graph is for dot: units as nodes, dependencies as coloured arrows', () => {
  const { out } = runLine('initctl graph', { graph: { units: [{ unit: 'a.service', active: 'active' }, { unit: 'b.service', active: 'failed' }], edges: [{ from: 'a.service', kind: 'After', to: 'b.service' }], truncated: false } });
  assert.ok(out.includes('  "a.service" -> "b.service" [color="green", tooltip="After"];'));
  assert.ok(out.includes('"b.service" [style=filled, fillcolor=pink];'));
});

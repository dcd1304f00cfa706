import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RealtimeUsec, UnitName, Usec } from '../../../src/base/brand.ts';
import { parseZoneRule, zoneFromRule, type TimeZone } from '../../../src/core/time/time-zone.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import { after, missing, onCalendar, service, target, timer } from '../../../src/sim/definitions.ts';
import { SimulatedKernel, type SimulationOptions } from '../../../src/sim/kernel.ts';

const SECOND = 1_000_000;

/** A manager with a job of one second under the timer `t.timer`. */
function withTimer(overrides: Parameters<typeof timer>[1], options: SimulationOptions = {}, more: readonly UnitDefinition[] = []): SimulatedKernel {
  const kernel = new SimulatedKernel({ scripts: { '/bin/t.service': { exitAfterUsec: SECOND } }, ...options });
  kernel.boot([target('default.target', { Wants: ['t.timer'] }), timer('t.timer', overrides), service('t.service', { type: 'oneshot' }), ...more]);
  return kernel;
}

function spawns(kernel: SimulatedKernel): number {
  return kernel.history.filter((line) => line === 'spawn ExecStart t.service').length;
}

function timerState(kernel: SimulatedKernel): string {
  return kernel.unit('t.timer').runtime.state;
}

test('a timer starts its unit when its span is over, and is then left elapsed', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)] });
  assert.equal(timerState(kernel), 'waiting');
  kernel.run(4 * SECOND);
  assert.equal(spawns(kernel), 0);
  kernel.run(1 * SECOND);
  assert.equal(spawns(kernel), 1);
  assert.equal(timerState(kernel), 'running');
  kernel.run(2 * SECOND);
  assert.equal(timerState(kernel), 'elapsed');
  kernel.run(3600 * SECOND);
  assert.equal(spawns(kernel), 1);
});

test('without RemainAfterElapse= a timer with nothing more to come is down', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)], remainAfterElapse: false });
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 1);
  assert.equal(kernel.unit('t.timer').activeState, 'inactive');
});

test('OnUnitActiveSec= counts from the last start, OnUnitInactiveSec= from the last end', () => {
  const fromStart = withTimer({ triggers: [after('OnActiveSec', 1), after('OnUnitActiveSec', 10)] });
  fromStart.run(60 * SECOND);
  assert.equal(spawns(fromStart), 6);
  const fromEnd = withTimer({ triggers: [after('OnActiveSec', 1), after('OnUnitInactiveSec', 10)] });
  fromEnd.run(60 * SECOND);
  assert.equal(spawns(fromEnd), 6);
  const starts = withTimer({ triggers: [after('OnActiveSec', 0), after('OnUnitInactiveSec', 9)] });
  starts.run(101 * SECOND);
  assert.equal(spawns(starts), 11);
});

test('a unit that is still running when its next elapse would be is not started twice at once', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 1), after('OnUnitActiveSec', 2)] }, { scripts: { '/bin/t.service': { exitAfterUsec: 5 * SECOND } } });
  kernel.run(12 * SECOND);
  assert.equal(kernel.processes.size, 1);
  assert.equal(spawns(kernel), 3);
});

test('OnBootSec= counts from the machine\'s start in a machine and from the manager\'s in a container', () => {
  const machine = withTimer({ triggers: [after('OnBootSec', 5)] }, { config: { mode: 'system' } });
  // The manager starts at 1 s of the machine's clock.
  machine.run(4 * SECOND);
  assert.equal(spawns(machine), 1);
  const container = withTimer({ triggers: [after('OnBootSec', 5)] });
  container.run(4 * SECOND);
  assert.equal(spawns(container), 0);
  container.run(1 * SECOND);
  assert.equal(spawns(container), 1);
});

test('a stopped timer does not elapse, and a new start counts anew', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)] });
  kernel.run(3 * SECOND);
  kernel.enqueue('stop', 't.timer');
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 0);
  assert.equal(kernel.unit('t.timer').activeState, 'inactive');
  kernel.enqueue('start', 't.timer');
  kernel.run(4 * SECOND);
  assert.equal(spawns(kernel), 0);
  kernel.run(1 * SECOND);
  assert.equal(spawns(kernel), 1);
});

test('a start of the timer fails when there is no unit to start', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target'), timer('t.timer', { triggers: [after('OnActiveSec', 1)] }), missing('t.service')]);
  const id = kernel.enqueue('start', 't.timer');
  const reply = kernel.replies.get(id);
  assert.equal(reply?.ok === true && reply.jobs[0]?.result, 'failed');
  assert.equal(kernel.unit('t.timer').activeState, 'inactive');
});

test('a unit whose condition does not hold counts as having been run', () => {
  const kernel = new SimulatedKernel({ conditions: { '/no': false } });
  const condition = { kind: 'PathExists', trigger: false, negate: false, parameter: '/no', origin: { file: '/f', line: 1 } };
  kernel.boot([
    target('default.target', { Wants: ['t.timer'] }), timer('t.timer', { triggers: [after('OnActiveSec', 1), after('OnUnitInactiveSec', 10)] }),
    service('t.service', { type: 'oneshot', conditions: [condition] }),
  ]);
  kernel.run(2 * SECOND);
  assert.equal(timerState(kernel), 'waiting');
});

test('its processes are told which timer started them, and when', () => {
  const told: string[][] = [];
  const kernel = withTimer({ triggers: [after('OnActiveSec', 1)] });
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') told.push([...effect.extraEnvironment]); };
  kernel.run(1 * SECOND);
  assert.deepEqual(told, [['TRIGGER_UNIT=t.timer', 'TRIGGER_TIMER_REALTIME_USEC=1700000002000000', 'TRIGGER_TIMER_MONOTONIC_USEC=2000000']]);
  kernel.run(2 * SECOND);
  kernel.enqueue('start', 't.service');
  assert.deepEqual(told[1], []);
});

test('timers that may be late wake the manager together', () => {
  const names = ['a', 'b', 'c', 'd'];
  const kernel = new SimulatedKernel();
  kernel.boot([
    target('default.target', { Wants: names.map((name) => `${name}.timer`) }),
    ...names.flatMap((name, index) => [
      timer(`${name}.timer`, { triggers: [after('OnActiveSec', 5 + index)], accuracyUsec: (60 * SECOND) as Usec }), service(`${name}.service`),
    ]),
  ]);
  const wakes = new Set<number>();
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') wakes.add(kernel.nowUsec); };
  kernel.run(200 * SECOND);
  assert.equal(wakes.size, 1);
});

test('a random delay is within its bounds, and differs from one elapse to the next', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 0), after('OnUnitActiveSec', 100)], randomizedDelayUsec: (50 * SECOND) as Usec });
  const at: number[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') at.push(kernel.nowUsec); };
  kernel.run(3000 * SECOND);
  const gaps = at.slice(1).map((each, index) => each - (at[index] as number));
  assert.ok(gaps.every((gap) => gap >= 100 * SECOND && gap < 150 * SECOND), gaps.join(' '));
  assert.ok(new Set(gaps).size > gaps.length / 2);
});

test('a persistent timer makes its stamp at the first start, and moves it with each elapse', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)], persistent: true });
  const made = kernel.stamps.get('t.timer' as UnitName);
  assert.ok(made !== undefined);
  kernel.run(6 * SECOND);
  assert.equal(kernel.stamps.get('t.timer' as UnitName), made + 5 * SECOND as RealtimeUsec);
});

test('a stop that comes before the answer about the stamp wins', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)], persistent: true, onClockChange: true });
  kernel.enqueue('stop', 't.timer');
  kernel.feed({ event: 'timer-stamp', unit: 't.timer' as UnitName, stampUsec: 5 as RealtimeUsec, monotonicUsec: kernel.nowUsec as never, realtimeUsec: 9 as never });
  assert.equal(timerState(kernel), 'dead');
});

test('a change of the wall clock or the time zone starts the unit when that is asked for', () => {
  const clock = withTimer({ onClockChange: true });
  clock.changeTimeZone();
  assert.equal(spawns(clock), 0);
  clock.stepClock(3600 * SECOND);
  assert.equal(spawns(clock), 1);
  const zone = withTimer({ onTimezoneChange: true });
  zone.stepClock(3600 * SECOND);
  assert.equal(spawns(zone), 0);
  zone.changeTimeZone();
  assert.equal(spawns(zone), 1);
});

test('setting the clock neither loses nor repeats what counts from a fixed instant', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 5)] });
  kernel.run(2 * SECOND);
  kernel.stepClock(-86_400 * SECOND);
  kernel.run(10 * SECOND);
  kernel.stepClock(86_400 * SECOND);
  kernel.run(10 * SECOND);
  assert.equal(spawns(kernel), 1);
});

test('a timer lives the same life when the manager dies after every step', () => {
  const overrides = { triggers: [after('OnActiveSec', 1), after('OnUnitActiveSec', 10)], randomizedDelayUsec: (3 * SECOND) as Usec, persistent: true };
  const unharmed = withTimer(overrides);
  const revived = withTimer(overrides, { restoreEvery: 1, scripts: { '/bin/t.service': { exitAfterUsec: SECOND } } });
  unharmed.run(300 * SECOND);
  revived.run(300 * SECOND);
  assert.deepEqual(revived.history, unharmed.history);
});

test('during a shutdown no timer starts anything', () => {
  const kernel = withTimer({ triggers: [after('OnActiveSec', 2)] }, { scripts: { '/bin/t.service': {}, '/bin/slow.service': { termTakesUsec: 30 * SECOND } } }, [service('slow.service')]);
  kernel.enqueue('start', 'slow.service');
  kernel.request({ method: 'shutdown', goal: 'exit', exitStatus: 0, force: false });
  kernel.run(20 * SECOND);
  assert.equal(spawns(kernel), 0);
});

const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** A zone two hours ahead of UTC. */
function eastZone(): TimeZone {
  const rule = parseZoneRule('EET-2');
  assert.ok(rule !== null);
  return zoneFromRule('East', rule);
}

// The simulated wall clock begins at 2023-11-14 22:13:20 UTC.
test('OnCalendar= elapses by the wall clock, day after day', () => {
  const kernel = withTimer({ triggers: [onCalendar('daily')] });
  const at: string[] = [];
  kernel.onEffect = (effect) => { if (effect.kind === 'spawn') at.push(new Date(1_700_000_000_000 + kernel.nowUsec / 1000).toISOString().slice(0, 19)); };
  kernel.run(3 * DAY);
  assert.deepEqual(at, ['2023-11-15T00:00:00', '2023-11-16T00:00:00', '2023-11-17T00:00:00']);
});

test('a calendar timer follows a clock that is set, forward and back', () => {
  const forward = withTimer({ triggers: [onCalendar('daily')] });
  forward.stepClock(2 * HOUR);
  forward.run(2 * SECOND);
  assert.equal(spawns(forward), 1);
  const back = withTimer({ triggers: [onCalendar('daily')] });
  back.stepClock(-HOUR);
  back.run(2 * HOUR);
  assert.equal(spawns(back), 0);
  back.run(HOUR);
  assert.equal(spawns(back), 1);
});

test('a calendar timer without a zone of its own follows the local zone when that changes', () => {
  const kernel = withTimer({ triggers: [onCalendar('daily')] });
  kernel.changeTimeZone(eastZone());
  // It is 00:13 there: midnight is almost a day away.
  kernel.run(3 * HOUR);
  assert.equal(spawns(kernel), 0);
  kernel.run(21 * HOUR);
  assert.equal(spawns(kernel), 1);
});

test('a persistent timer makes up at once for what was missed while it was down, and only once', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/t.service': { exitAfterUsec: SECOND } } });
  kernel.stamps.set('t.timer' as UnitName, (1_700_000_000_000_000 - 3 * DAY) as RealtimeUsec);
  kernel.boot([target('default.target', { Wants: ['t.timer'] }), timer('t.timer', { triggers: [onCalendar('daily')], persistent: true }), service('t.service', { type: 'oneshot' })]);
  kernel.run(HOUR);
  assert.equal(spawns(kernel), 1);
  kernel.run(HOUR);
  assert.equal(spawns(kernel), 2);
});

test('without Persistent= what was missed is missed, also by a timer that is started again', () => {
  const kernel = withTimer({ triggers: [onCalendar('daily')] });
  kernel.enqueue('stop', 't.timer');
  kernel.run(DAY);
  kernel.enqueue('start', 't.timer');
  kernel.run(HOUR);
  assert.equal(spawns(kernel), 0);
});

test('a run that was missed is put off by the random delay too', () => {
  const kernel = new SimulatedKernel({ scripts: { '/bin/t.service': { exitAfterUsec: SECOND } } });
  kernel.stamps.set('t.timer' as UnitName, (1_700_000_000_000_000 - 3 * DAY) as RealtimeUsec);
  kernel.boot([
    target('default.target', { Wants: ['t.timer'] }), service('t.service', { type: 'oneshot' }),
    timer('t.timer', { triggers: [onCalendar('daily')], persistent: true, randomizedDelayUsec: HOUR as Usec, fixedDelayUsec: (HOUR / 2) as Usec }),
  ]);
  kernel.run(HOUR / 2 - SECOND);
  assert.equal(spawns(kernel), 0);
  kernel.run(2 * SECOND);
  assert.equal(spawns(kernel), 1);
});

test('DeferReactivation= counts from the end of a run that outlasted an elapse', () => {
  const gaps = [false, true].map((deferReactivation) => {
    const kernel = withTimer({ triggers: [onCalendar('*:0/1')], deferReactivation }, { scripts: { '/bin/t.service': { exitAfterUsec: 90 * SECOND } } });
    const at: number[] = [];
    kernel.onEffect = (effect) => { if (effect.kind === 'spawn') at.push(kernel.nowUsec); };
    kernel.run(600 * SECOND);
    return (at[1] as number) - (at[0] as number);
  });
  assert.deepEqual(gaps, [90 * SECOND, 120 * SECOND]);
});

test('with TriggerJob=restart a timer restarts a unit that is up, again and again', () => {
  const kernel = new SimulatedKernel({ restoreEvery: 1 });
  kernel.boot([target('default.target', { Wants: ['t.timer', 't.service'] }), timer('t.timer', { triggerJob: 'restart', triggers: [after('OnUnitActiveSec', 60)] }), service('t.service')]);
  kernel.run(59 * SECOND);
  assert.equal(spawns(kernel), 1);
  kernel.run(2 * SECOND);
  assert.equal(spawns(kernel), 2);
  assert.equal(timerState(kernel), 'waiting');
  kernel.run(125 * SECOND);
  assert.equal(spawns(kernel), 4);
});

test('a timer that stops a unit goes on when there is nothing to stop', () => {
  const kernel = new SimulatedKernel();
  kernel.boot([target('default.target', { Wants: ['t.timer', 't.service'] }), timer('t.timer', { triggerJob: 'stop', triggers: [onCalendar('*:*:00')] }), service('t.service')]);
  kernel.run(61 * SECOND);
  assert.equal(kernel.unit('t.service').activeState, 'inactive');
  kernel.run(120 * SECOND);
  assert.equal(timerState(kernel), 'waiting');
  kernel.enqueue('start', 't.service');
  kernel.run(61 * SECOND);
  assert.equal(kernel.unit('t.service').activeState, 'inactive');
});

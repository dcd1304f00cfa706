import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMap, mapFrom } from '../../src/base/persistent-map.ts';
import type { Errno, Fd, MonotonicUsec, RequestId, UnitName } from '../../src/base/brand.ts';
import type { Effect } from '../../src/core/manager/effect.ts';
import type { ManagerEvent, UnstampedEvent } from '../../src/core/manager/event.ts';
import type { ManagerState } from '../../src/core/manager/state.ts';
import type { EngineFacts, SourcePriority } from '../../src/host/engine.ts';
import { Drills } from '../../src/host/faults/drills.ts';
import { ManagerEngine } from '../../src/host/manager-engine.ts';
import type { OpenTurn, Step } from '../../src/core/manager/survival/replay.ts';
import type { NativeBinding } from '../../src/host/native.ts';
import { PollSet } from '../../src/host/poll-set.ts';

/** A kernel that reports what the test says is ready. */
function makeKernel(): { native: NativeBinding; wake: (ready: number[]) => void; timers: (number | null)[]; tokens: Map<number, number> } {
  let onReady: (ready: readonly number[]) => void = () => undefined;
  const timers: (number | null)[] = [];
  const tokens = new Map<number, number>();
  const native = {
    pollStart: (callback: typeof onReady) => { onReady = callback; return 0; },
    pollAdd: (fd: number, token: number) => { tokens.set(fd, token); return 0; },
    pollModify: () => 0, pollRemove: () => 0,
    pollTimer: (due: number | null) => { timers.push(due); return 0; },
    clock: () => [1000, 2000],
  } as unknown as NativeBinding;
  return { native, wake: (fds) => { onReady(fds.flatMap((fd) => [fd === 0 ? 0 : (tokens.get(fd) ?? -1), 1])); }, timers, tokens };
}

function stepwise(step: Step, from: ManagerState): OpenTurn {
  let state = from;
  return {
    take: (event) => {
      const [next, effects] = step(state, event);
      state = next;
      return effects;
    },
    state: () => state,
  };
}

function makeEngine(step: Step, perform: (effect: Effect, engine: ManagerEngine) => void = () => undefined, state: ManagerState = 0 as unknown as ManagerState) {
  const kernel = makeKernel();
  const lines: string[] = [];
  const poll = new PollSet(kernel.native);
  const engine = new ManagerEngine({ native: kernel.native, poll, log: { write: (_level, _unit, message) => { lines.push(message); } }, facts: {} as EngineFacts, openTurn: (from) => stepwise(step, from), state, journal: null });
  engine.attach({ performer: { perform: (effect) => { perform(effect, engine); }, beginBatch: () => undefined, endBatch: () => undefined }, fds: { add: () => undefined, close: () => undefined }, loadUnits: () => ({ names: [], isNew: false }), reloadDefinitions: () => undefined, changedOnDisk: () => false, processesOf: () => [], environmentOf: () => null, userOf: () => ({ uid: null, gid: null }), controlGroupOf: () => null, takeOverBirth: () => true, serviceMounts: { isApart: () => false, bind: () => undefined }, noteAskedDeath: () => undefined, armFault: () => false, drills: new Drills({ signal: () => 0, mainPidOf: () => null, processesOf: () => [], logdPid: () => null, limitMemory: () => '' }), verifyNextBuild: (done) => { done(null); }, reexec: () => 'EPERM' as Errno });
  return { engine, poll, kernel, lines };
}

const reload = (subject: string) => ({ event: 'effect-failed', effect: 'x', subject, errno: 'E' }) as const;
const subjectOf = (event: ManagerEvent): string => (event.event === 'effect-failed' ? event.subject : event.event);

test('ready sources are served by priority, whatever order the kernel names them in, and the timer is last', () => {
  const seen: string[] = [];
  const { engine, kernel } = makeEngine((state, event) => { seen.push(subjectOf(event)); return [state, []]; });
  const order: readonly SourcePriority[] = ['timer', 'control', 'cgroup', 'exit', 'notify', 'executor', 'signal'];
  order.forEach((priority, index) => { engine.watch((index + 10) as Fd, 1, () => { engine.submit(reload(priority)); }, priority); });
  engine.start();
  kernel.wake([0, ...order.map((_, index) => index + 10)]);
  assert.deepEqual(seen, ['signal', 'executor', 'notify', 'exit', 'cgroup', 'control', 'timer', 'timer']);
});

test('work deferred from a signal to the place of exits comes after the notify socket was read', () => {
  const seen: string[] = [];
  const { engine, poll, kernel } = makeEngine((state) => [state, []]);
  engine.watch(10 as Fd, 1, () => { seen.push('control'); }, 'control');
  engine.watch(11 as Fd, 1, () => { seen.push('signal'); poll.defer('exit', () => seen.push('reap')); }, 'signal');
  engine.watch(12 as Fd, 1, () => { seen.push('notify'); }, 'notify');
  engine.start();
  kernel.wake([10, 11, 12]);
  assert.deepEqual(seen, ['signal', 'notify', 'reap', 'control']);
  seen.length = 0;
  kernel.wake([11]);
  assert.deepEqual(seen, ['signal', 'reap'], 'also when nothing less important is ready');
});

test('who begins to listen at the end of a turn hears of the next one, when the event he has handed in is handled', () => {
  const { engine, kernel } = makeEngine((state) => [(Number(state) + 1) as unknown as ManagerState, []]);
  const heard: number[] = [];
  engine.watch(10 as Fd, 1, () => { engine.submit(reload('first')); }, 'control');
  const end = engine.onTurnEnd(() => {
    end();
    engine.submit(reload('second'));
    engine.onTurnEnd(() => { heard.push(Number(engine.state())); });
  });
  engine.start();
  kernel.wake([10]);
  kernel.wake([10]);
  assert.ok(heard.length > 0);
  assert.ok(heard[0] !== undefined && heard[0] >= 2, `not before the second event was handled: ${heard.join(' ')}`);
});

test('an event whose handling throws is said and skipped; the state stays, the others are handled', () => {
  const { engine, lines } = makeEngine((state, event) => {
    if (subjectOf(event) === 'bad') throw new Error('boom');
    return [(Number(state) + 1) as unknown as ManagerState, []];
  });
  for (const subject of ['a', 'bad', 'b']) engine.submit(reload(subject));
  engine.start();
  assert.equal(Number(engine.state()), 2);
  assert.match(lines.join('\n'), /"subject":"bad".*boom/s);
});

test('a unit hears of its event whose handling threw, and of its report no more; a client gets its answer', () => {
  const seen: string[] = [];
  const { engine } = makeEngine((state, event) => {
    seen.push(event.event);
    if (event.event !== 'request-left-out') throw new Error('broken');
    return [state, [{ kind: 'reply', request: event.id, result: { ok: false, code: 'not-applicable', message: 'left out', unit: null } }]];
  }, (effect) => { if (effect.kind === 'reply') seen.push('reply'); });
  engine.submit({ event: 'cgroup-empty', unit: 'a.service' as UnitName });
  engine.submit({ event: 'request', id: engine.nextRequestId(), key: null, caller: { uid: 0, gid: 0, pid: 1 }, request: { method: 'cancel', jobs: [] } });
  engine.start();
  assert.deepEqual(seen, ['cgroup-empty', 'request', 'event-left-out', 'request-left-out', 'reply']);
});

test('an effect that throws is answered with a failure, so that nobody waits for ever', () => {
  const seen: string[] = [];
  const spawn = { kind: 'spawn', unit: 'a.service' as UnitName, token: 7, command: { path: '/x' } } as unknown as Effect;
  const { engine, lines } = makeEngine((state, event) => {
    seen.push(event.event);
    return [state, event.event === 'effect-failed' ? [spawn] : []];
  }, () => { throw new Error('broken part'); });
  engine.submit(reload('go'));
  engine.start();
  assert.deepEqual(seen, ['effect-failed', 'spawn-failed']);
  assert.match(lines.join('\n'), /broken part/);
});

test('effects are performed after all events of the batch were stepped, and their answers are handled in the same turn', () => {
  const trace: string[] = [];
  const { engine } = makeEngine((state, event) => {
    trace.push(`step ${subjectOf(event)}`);
    return [state, subjectOf(event).length === 1 ? [{ kind: 'remove-file', unit: 'u' as UnitName, path: subjectOf(event) }] : []];
  }, (effect, self) => {
    if (effect.kind !== 'remove-file') return;
    trace.push(`perform ${effect.path}`);
    self.submit(reload(`answer ${effect.path}`));
  });
  engine.submit(reload('a'));
  engine.submit(reload('b'));
  engine.start();
  assert.deepEqual(trace, ['step a', 'step b', 'perform a', 'perform b', 'step answer a', 'step answer b']);
});

test('a timer that is already due becomes an event of the turn; a later one goes to the kernel once', () => {
  const seen: string[] = [];
  const { engine, kernel } = makeEngine((state, event) => { seen.push(event.event); return [state, []]; });
  engine.start();
  engine.armTimer(5000 as MonotonicUsec);
  engine.armTimer(5000 as MonotonicUsec);
  assert.deepEqual(kernel.timers, [5000]);
  engine.armTimer(null);
  assert.deepEqual(kernel.timers, [5000, null]);
  engine.armTimer(1000 as MonotonicUsec);
  kernel.wake([]);
  assert.deepEqual(seen, ['timer']);
});

test('a storm of events is cut into turns, so that the poll set is looked at in between', async () => {
  let handled = 0;
  const { engine } = makeEngine((state) => { handled += 1; return [state, []]; });
  for (let i = 0; i < 10_000; i++) engine.submit(reload('x'));
  engine.start();
  assert.equal(handled, 4096);
  // Two more turns; on a busy machine they come when they come.
  const isOver = (): boolean => handled === 10_000;
  for (let waits = 0; !isOver() && waits < 1000; waits++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(handled, 10_000);
});

test('a request is answered once, to whom asked', () => {
  const { engine } = makeEngine((state) => [state, []]);
  const answers: unknown[] = [];
  const id: RequestId = engine.nextRequestId();
  engine.onReply(id, (reply) => answers.push(reply));
  engine.reply(id, { ok: true, jobs: [] });
  engine.reply(id, { ok: true, jobs: [] });
  assert.equal(answers.length, 1);
  assert.notEqual(engine.nextRequestId(), id);
});

test('after a recovery no number of a request is given out again that an answer can still come for', () => {
  const empty = { requests: emptyMap(), jobs: emptyMap() } as unknown as ManagerState;
  const next = (state: ManagerState, ids: readonly number[]): number => {
    const { engine } = makeEngine((before) => [before, []], undefined, state);
    engine.resume({ queue: ids.map((id) => ({ event: 'request', id } as unknown as UnstampedEvent)), open: null });
    return engine.nextRequestId();
  };
  assert.equal(next(empty, []), 1);
  assert.equal(next(empty, [41]), 42, 'it is written down, and not yet stepped');
  assert.equal(next({ ...empty, requests: mapFrom([[7 as RequestId, {}]]) } as unknown as ManagerState, [3]), 8, 'its job runs');
  assert.equal(next({ ...empty, jobs: mapFrom([[1, { waiters: [12] }]]) } as unknown as ManagerState, [3]), 13, 'its client has gone, and its job names it still');
});

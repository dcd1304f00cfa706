/** A manager with one unit that tests look at. Every event goes through a serialised state as well: nothing may be lost on the way. */
import assert from 'node:assert/strict';
import type { MonotonicUsec, Pid, RealtimeUsec, RequestId, UnitName } from '../../../src/base/brand.ts';
import { getEntry } from '../../../src/base/persistent-map.ts';
import type { Effect } from '../../../src/core/manager/effect.ts';
import type { EventOf, ManagerEvent, UnstampedEvent } from '../../../src/core/manager/event.ts';
import { deserialise, serialise } from '../../../src/core/manager/survival/serialise.ts';
import type { ManagerState, Unit, UnitRuntime } from '../../../src/core/manager/state.ts';
import { initialState, step } from '../../../src/core/manager/step.ts';
import type { UnitDefinition } from '../../../src/core/unit/definition.ts';
import type { BuildContext } from '../../../src/core/unit-file/unit-draft.ts';
import { unitOf } from '../unit-file/unit-rig.ts';

export class OneUnitManager<Kind extends UnitRuntime['kind']> {
  state: ManagerState;
  effects: readonly Effect[] = [];
  readonly name: UnitName;
  readonly #kind: Kind;
  readonly #definitions: readonly UnitDefinition[];
  #usec = 1_000_000;
  #pid = 99;
  #request = 1;

  /**
   * @param beside more units, how the unit is built, and what the boot event has besides definitions
   */
  constructor(kind: Kind, name: string, file: string, { more = [], boot = {}, context = {} }: { readonly more?: readonly UnitDefinition[]; readonly boot?: Partial<EventOf<'boot'>>; readonly context?: Partial<BuildContext> } = {}) {
    this.name = name as UnitName;
    this.#kind = kind;
    this.#definitions = [unitOf('boot.target', ''), unitOf('-.slice', ''), unitOf('system.slice', ''), unitOf(name, `[Unit]\nDefaultDependencies=no\n${file}`, context), ...more];
    this.state = initialState({
      mode: 'container', bootUnit: 'boot.target' as UnitName, exitWith: null, defaultTimeoutStartUsec: 90e6 as never, defaultTimeoutStopUsec: 90e6 as never, defaultRestartUsec: 0 as never,
    }, this.#now());
    this.feed({ ...boot, event: 'boot', definitions: this.#definitions, randomSeed: 1 });
  }

  #now(): { monotonicUsec: MonotonicUsec; realtimeUsec: RealtimeUsec } {
    return { monotonicUsec: this.#usec as MonotonicUsec, realtimeUsec: this.#usec as RealtimeUsec };
  }

  feed(event: UnstampedEvent): void {
    const stamped = { ...event, ...this.#now() } as ManagerEvent;
    const restored = deserialise(serialise(this.state), this.#definitions);
    const [next, effects] = step(this.state, stamped);
    assert.ok(restored.ok);
    // What is only a hint about the order is found out anew.
    const text = (state: ManagerState): string => serialise({ ...state, orderIsAcyclic: false });
    if (event.event !== 'boot') assert.ok(text(step(restored.state, stamped)[0]) === text(next), `a restored state goes on from ${event.event} as the one it was made from`);
    this.state = next;
    this.effects = effects;
  }

  ask(type: 'start' | 'stop' | 'reload' | 'restart', unit: string = this.name): void {
    this.feed({
      event: 'request', id: this.#request++ as RequestId, key: null, caller: { uid: 0, gid: 0, pid: 1 },
      request: { method: 'enqueue', type, units: [unit as UnitName], mode: 'replace', wait: true, verb: type },
    });
  }

  /** The command asked for last; its process is there from now on. */
  run(): string {
    const effect = this.effects.find((each) => each.kind === 'spawn');
    assert.ok(effect !== undefined, `a command is run in ${this.unit().runtime.state}`);
    this.#pid += 1;
    this.feed({ event: 'spawned', unit: effect.unit, token: effect.token, pid: this.#pid as Pid, execDone: true });
    return effect.command.argv.join(' ');
  }

  /** The process that was started last ends. */
  exit(status: number): void {
    this.feed({ event: 'exited', pid: this.#pid as Pid, code: 'exited', status, unitHint: this.name });
  }

  later(seconds: number): void {
    this.#usec += seconds * 1_000_000;
    this.feed({ event: 'timer' });
  }

  any(name: string): Unit {
    const unit = getEntry(this.state.units, name as UnitName);
    assert.ok(unit !== undefined, `${name} is loaded`);
    return unit;
  }

  unit(): { readonly activeState: string; readonly runtime: Extract<UnitRuntime, { readonly kind: Kind }> } {
    const { activeState, runtime } = this.any(this.name);
    assert.ok(runtime.kind === this.#kind);
    return { activeState, runtime: runtime as Extract<UnitRuntime, { readonly kind: Kind }> };
  }

  /** Active state, sub-state and, where the kind has one, result. */
  get words(): string {
    const { activeState, runtime } = this.unit();
    return `${activeState} ${runtime.state}${'result' in runtime ? ` ${runtime.result}` : ''}`;
  }
}

/** When units are read: at boot, when somebody names one, and all of them again; generators run before the first and the last. */
import { closeSync, openSync, readSync } from 'node:fs';
import { getEntry, keysOf, valuesOf } from '../base/persistent-map.ts';
import type { UnitName } from '../base/brand.ts';
import type { RememberedStore } from '../core/manager/event.ts';
import type { UnitDefinition } from '../core/unit/definition.ts';
import type { LoadOutcome } from './engine.ts';
import type { GeneratorRun } from './generators/generator-run.ts';
import type { ManagerEngine } from './manager-engine.ts';
import type { FormerServices } from './processes/former-services.ts';
import type { ProcessTracker } from './processes/process-tracker.ts';
import type { MountTable } from './storage/mount-table.ts';
import type { SwapTable } from './storage/swap-table.ts';
import type { UnitSource } from './unit-source.ts';

/** What a machine boots into when it cannot boot into what was asked for; the core tries them in this order. */
const FALLBACK_UNITS = ['rescue.target', 'emergency.target'] as readonly string[] as readonly UnitName[];

export interface UnitReaderOptions {
  readonly engine: ManagerEngine;
  readonly units: UnitSource;
  readonly bootUnit: UnitName;
  /** Null where there are no unit files. */
  readonly generators: GeneratorRun | null;
  /** Null where mounts are no units. */
  readonly mounts: MountTable | null;
  readonly swaps: SwapTable | null;
  readonly former: FormerServices;
  readonly tracker: ProcessTracker;
  /** Fds that a soft-reboot has kept for services. */
  readonly stores: readonly RememberedStore[];
}

export class UnitReader {
  readonly #options: UnitReaderOptions;
  #isGenerating = false;
  /** Whoever wants to know when the reload after the present one is done. */
  #reloads: (() => void)[] = [];

  constructor(options: UnitReaderOptions) {
    this.#options = options;
  }

  /** Runs generators and submits the boot. `whenLoading` is called between the two. */
  boot(whenLoading: () => void): void {
    const { engine, mounts, swaps } = this.#options;
    this.#generate(() => {
      whenLoading();
      // Told to end before it had begun.
      if (engine.state().shutdown === null) this.#submitBoot();
      mounts?.watch();
      swaps?.watch();
    });
  }

  /** Reads what is not loaded of these units and of what they pull in. */
  load(names: readonly UnitName[]): LoadOutcome {
    const { engine, units } = this.#options;
    const state = engine.state();
    const result = units.load(names, (name) => getEntry(state.units, getEntry(state.aliases, name) ?? name)?.definition);
    if (result.definitions.length > 0) engine.submit({ event: 'definitions', reload: false, definitions: result.definitions });
    return { names: result.names, isNew: result.definitions.length > 0 };
  }

  /** Reads everything again; `submitted` is called when the new definitions are on their way to the core. */
  reload(submitted: () => void): void {
    this.#reloads.push(submitted);
    if (!this.#isGenerating) this.#reloadNow();
  }

  #reloadNow(): void {
    const waiting = this.#reloads;
    this.#reloads = [];
    this.#generate(() => {
      this.#submitDefinitions();
      for (const submitted of waiting) submitted();
    });
  }

  /** Runs generators; at once where there are no programs among them. A reload that was asked for meanwhile comes after `then`. */
  #generate(then: () => void): void {
    const { engine, generators } = this.#options;
    if (generators === null) {
      then();
      return;
    }
    this.#isGenerating = true;
    generators.run(engine.state().environment, (assignments) => {
      this.#isGenerating = false;
      if (assignments.length + engine.state().generatedEnvironment.length > 0) engine.submit({ event: 'generated-environment', assignments });
      then();
      if (this.#reloads.length > 0) this.#reloadNow();
    });
  }

  #submitBoot(): void {
    const { engine, bootUnit, former, mounts, swaps, stores } = this.#options;
    const left = former.find();
    const definitions = this.#loadBootUnit([...left, ...stores].map(({ unit }) => unit));
    const found = former.takeOver(left, definitions);
    if (definitions.find(({ names }) => names.includes(bootUnit))?.loadState === 'not-found') {
      engine.log.write('crit', bootUnit, `${bootUnit} was not found in ${engine.facts.unitPath.join(':')}`);
    }
    const randomSeed = readRandom();
    if (mounts === null) {
      engine.submit({ event: 'boot', definitions, found, stores, randomSeed });
      return;
    }
    const table = mounts.read();
    const byName = new Map(definitions.flatMap((definition) => definition.names.map((name) => [name, definition] as const)));
    const ofMounts = mounts.definitionsFor(table, (name) => byName.get(name));
    for (const definition of ofMounts) for (const name of definition.names) byName.set(name, definition);
    const swapTable = swaps?.read(definitions.flatMap((each) => (each.kind === 'swap' ? [each.what] : []))) ?? [];
    const ofSwaps = swaps?.definitionsFor(swapTable, (name) => byName.get(name)) ?? [];
    const replaced = new Set([...ofMounts, ...ofSwaps].map(({ name }) => name));
    engine.submit({ event: 'boot', definitions: [...definitions.filter(({ name }) => !replaced.has(name)), ...ofMounts, ...ofSwaps], mounts: table, swaps: swapTable, found, stores, randomSeed });
  }

  /**
   * The boot unit and all it needs. When a machine has none that can be loaded, the units it falls back on come with it: nobody
   * else could do anything for it, while a container or a session has somebody who reads the message.
   *
   * @param more units that run already
   */
  #loadBootUnit(more: readonly UnitName[]): readonly UnitDefinition[] {
    const { units, bootUnit, engine } = this.#options;
    const load = (names: readonly UnitName[]) => units.load(names, () => undefined);
    const { definitions, names } = load([bootUnit, ...more]);
    const isLoaded = definitions.find(({ name }) => name === names[0])?.loadState === 'loaded';
    return isLoaded || engine.state().config.mode !== 'system' ? definitions : load([bootUnit, ...more, ...FALLBACK_UNITS]).definitions;
  }

  #submitDefinitions(): void {
    const { engine, units, mounts, swaps, tracker } = this.#options;
    const names = keysOf(engine.state().units);
    const definitions = units.reload(names);
    const ofMounts = mounts?.replaceMissing(definitions) ?? definitions;
    engine.submit({ event: 'definitions', reload: true, definitions: swaps?.replaceMissing(ofMounts) ?? ofMounts });
    const end = engine.onTurnEnd(() => {
      end();
      for (const { name, definition } of valuesOf(engine.state().units)) if ('cgroup' in definition) tracker.refresh(name, definition.cgroup);
    });
  }
}

/** 48 random bits: as many as a number holds exactly with room to spare. */
function readRandom(): number {
  const bytes = Buffer.alloc(6);
  try {
    const fd = openSync('/dev/urandom', 'r');
    readSync(fd, bytes, 0, bytes.length, null);
    closeSync(fd);
    return bytes.readUIntBE(0, bytes.length);
  } catch {
    // No /dev: the clock and the pid must do. Ids need to differ, not to be secret.
    return (Date.now() * 1000) % 2 ** 40 + process.pid;
  }
}

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, ContainerError } from './container.ts';
import type { Contestant } from './contestants/contestant.ts';
import type { Plan } from './plan.ts';
import { PROGRAMS_INSIDE } from './programs.ts';

/** No contestant needs a tenth of it; a stalled machine may. */
const BOOT_TIMEOUT_MS = 60_000;
/** A failed attempt is made once more: shared machines stall for seconds, and one stall proves nothing. */
const ATTEMPTS = 2;
const PAUSE_BEFORE_RETRY_MS = 1000;

/** Where containers are made: directories on a tmpfs and a control group that may have children. */
export interface Ground {
  readonly directory: string;
  readonly programs: string;
  /** A control group (v2) of this process, or `null` where there is none. */
  readonly controlGroup: string | null;
}

/** What a load is given to put one contestant through. */
export class Arena {
  static #containersMade = 0;
  readonly contestant: Contestant;
  readonly quick: boolean;
  readonly #ground: Ground;

  constructor(contestant: Contestant, ground: Ground, options: { readonly quick: boolean }) {
    this.contestant = contestant;
    this.quick = options.quick;
    this.#ground = ground;
  }

  /**
   * Boots the contestant with a plan, waits until every service of it has started, hands the container to `use` and
   * removes it afterwards, whatever happens. Tried twice.
   */
  async withContainer<T>(plan: Plan, use: (container: Container) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#tryContainer(plan, use);
      } catch (error) {
        if (!(error instanceof ContainerError) || attempt === ATTEMPTS) throw error;
        await sleep(PAUSE_BEFORE_RETRY_MS);
      }
    }
  }

  async #tryContainer<T>(plan: Plan, use: (container: Container) => Promise<T>): Promise<T> {
    const id = `${process.pid}-${Arena.#containersMade++}`;
    const work = join(this.#ground.directory, `container-${id}`);
    const config = join(work, 'config');
    mkdirSync(config, { recursive: true });
    let container: Container | null = null;
    try {
      const launch = this.contestant.prepare(config, plan);
      const place = {
        programs: this.#ground.programs,
        work,
        controlGroup: this.#ground.controlGroup === null ? null : join(this.#ground.controlGroup, `heartwood-bench-${id}`),
      };
      const binds = [...launch.binds, { from: this.#ground.programs, to: PROGRAMS_INSIDE }];
      container = await Container.start(place, { ...launch, binds });
      container.enterEnvironment = this.contestant.commandEnvironment ?? {};
      await container.waitForEvents(plan.services.length, BOOT_TIMEOUT_MS);
      return await use(container);
    } finally {
      if (container !== null) await container.destroy();
      rmSync(work, { recursive: true, force: true });
    }
  }
}

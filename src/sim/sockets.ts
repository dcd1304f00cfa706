/** Sockets of the simulated kernel: what is open, who looks at it, and what waits there. */
import type { UnitName } from '../base/brand.ts';
import type { Effect } from '../core/manager/effect.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';
import { listenText } from '../core/unit/socket.ts';

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>;

interface Watch {
  readonly accept: boolean;
}

export class SimulatedSockets {
  /** Names of open fds, of sockets and of connections. */
  readonly open = new Set<string>();
  /** What waits to be taken, by unit; for Accept=yes the sources of connections. */
  readonly #waiting = new Map<UnitName, string[]>();
  readonly #watched = new Map<UnitName, Watch>();
  readonly #takenAddresses: ReadonlySet<string>;
  #nextConnection = 1;

  /** @param takenAddresses as `Listen=` has them: somebody else listens there */
  constructor(takenAddresses: readonly string[]) {
    this.#takenAddresses = new Set(takenAddresses);
  }

  listen({ unit, token, definition }: EffectOf<'open-sockets'>): UnstampedEvent {
    const taken = definition.listen.map(listenText).find((address) => this.#takenAddresses.has(address));
    if (taken !== undefined) return { event: 'sockets-not-opened', unit, token, stage: 'listen', what: taken, errno: 'EADDRINUSE' };
    const fds = definition.listen.map((_, index) => `listen:${unit}:${String(index)}`);
    for (const fd of fds) this.open.add(fd);
    return { event: 'sockets-opened', unit, token, fds };
  }

  close(unit: UnitName | null, fds: readonly string[]): void {
    for (const fd of fds) this.open.delete(fd);
    if (unit === null) return;
    this.#watched.delete(unit);
    this.#waiting.delete(unit);
  }

  watch({ unit, accept, flush }: Pick<EffectOf<'watch-sockets'>, 'unit' | 'accept' | 'flush'>): readonly UnstampedEvent[] {
    this.#watched.set(unit, { accept });
    if (flush) this.#waiting.delete(unit);
    return this.#ready(unit);
  }

  unwatch(unit: UnitName): void {
    this.#watched.delete(unit);
  }

  /** Who looked is gone. */
  forgetWatches(): void {
    this.#watched.clear();
  }

  /** Somebody connects to, or writes to, the unit's socket. */
  arrive(unit: UnitName, source: string): readonly UnstampedEvent[] {
    if (![...this.open].some((fd) => fd.startsWith(`listen:${unit}:`))) return [];
    this.#waiting.set(unit, [...this.#waiting.get(unit) ?? [], source]);
    return this.#ready(unit);
  }

  /** A process was given these fds, and takes what waits there. */
  take(fds: readonly string[]): void {
    for (const unit of this.#waiting.keys()) if (fds.some((fd) => fd.startsWith(`listen:${unit}:`))) this.#waiting.delete(unit);
  }

  #ready(unit: UnitName): readonly UnstampedEvent[] {
    const watch = this.#watched.get(unit);
    const waiting = this.#waiting.get(unit) ?? [];
    if (watch === undefined || waiting.length === 0) return [];
    if (!watch.accept) {
      this.#watched.delete(unit);
      return [{ event: 'socket-ready', unit }];
    }
    this.#waiting.delete(unit);
    return waiting.map((source) => {
      const number = String(this.#nextConnection++);
      const key = `connection:${unit}:${number}`;
      this.open.add(key);
      return { event: 'connection', unit, key, instance: `10.0.0.9:1-${source}:${number}`, peer: { source, address: source, port: number } } as const;
    });
  }
}

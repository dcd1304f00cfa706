/** The simulated kernel's tables of mounts and swaps, and what commands of units and people do to them. */
import type { SpawnEffect } from '../core/manager/effect.ts';
import type { MountPoint, MountUnit } from '../core/unit/mount.ts';
import type { SwapPoint, SwapUnit } from '../core/unit/swap.ts';
import type { UnstampedEvent } from '../core/manager/event.ts';

export class KernelTables {
  /** In the order in which they were made: of several at one place the last is on top. */
  mounts: readonly MountPoint[] = [];
  swaps: readonly SwapPoint[] = [];
  #toldMounts: readonly MountPoint[] = this.mounts;
  #toldSwaps: readonly SwapPoint[] = this.swaps;

  /** What the command of a mount or swap unit does when it succeeds. */
  apply({ role, definition }: Pick<SpawnEffect, 'role' | 'definition'>): void {
    if (definition.kind === 'mount') {
      const { where, type, what, options } = definition as unknown as MountUnit;
      if (role === 'ExecMount') this.mount({ where, what, type: type ?? 'auto', options });
      else if (role === 'ExecUnmount') this.unmount(where);
      else if (role === 'ExecRemount') this.mounts = this.mounts.map((each) => (each.where === where ? { ...each, options: `${options},remounted` } : each));
    } else if (definition.kind === 'swap') {
      const { what } = definition as unknown as SwapUnit;
      if (role === 'ExecActivate') this.swapOn(what);
      else if (role === 'ExecDeactivate') this.swapOff(what);
    }
  }

  mount(point: MountPoint): void {
    this.mounts = [...this.mounts, point];
  }

  /** Takes away what is on top at the place. */
  unmount(where: string): void {
    const top = this.mounts.findLastIndex((each) => each.where === where);
    if (top >= 0) this.mounts = this.mounts.filter((_, index) => index !== top);
  }

  swapOn(what: string): void {
    if (!this.swaps.some((each) => each.what === what)) this.swaps = [...this.swaps, { what, priority: -2, links: [] }];
  }

  swapOff(what: string): void {
    this.swaps = this.swaps.filter((each) => each.what !== what);
  }

  /** The tables as the manager has not seen them yet. */
  news(): readonly UnstampedEvent[] {
    const news: UnstampedEvent[] = [];
    if (this.#toldMounts !== this.mounts) news.push({ event: 'mount-table', mounts: this.mounts });
    if (this.#toldSwaps !== this.swaps) news.push({ event: 'swap-table', swaps: this.swaps });
    this.#toldMounts = this.mounts;
    this.#toldSwaps = this.swaps;
    return news;
  }

  /** A new engine reads them anew. */
  all(): readonly UnstampedEvent[] {
    this.#toldMounts = this.mounts;
    this.#toldSwaps = this.swaps;
    return [{ event: 'mount-table', mounts: this.mounts }, { event: 'swap-table', swaps: this.swaps }];
  }
}

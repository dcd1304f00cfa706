/** What will happen in virtual time, earliest first; things of one instant in the order they were put in. A binary heap. */
export interface Happening {
  readonly atUsec: number;
  readonly order: number;
  readonly run: () => void;
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.atUsec < b.atUsec || (a.atUsec === b.atUsec && a.order < b.order);
}

export class Agenda {
  readonly #heap: Happening[] = [];
  #nextOrder = 0;

  get next(): Happening | undefined {
    return this.#heap[0];
  }

  put(atUsec: number, run: () => void): void {
    const heap = this.#heap;
    const item = { atUsec, order: this.#nextOrder++, run };
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(item, heap[parent] as Happening)) break;
      heap[at] = heap[parent] as Happening;
      at = parent;
    }
    heap[at] = item;
  }

  take(): Happening | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Happening, heap[child] as Happening)) child += 1;
      if (!isBefore(heap[child] as Happening, last)) break;
      heap[at] = heap[child] as Happening;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

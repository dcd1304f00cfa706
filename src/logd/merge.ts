/** Merging several ordered sequences of lines into one by time. */
import type { LogLine } from './segment-reader.ts';

interface Head {
  readonly line: LogLine;
  readonly source: number;
  readonly rest: Iterator<LogLine>;
}

/**
 * Lines of all sources, by the time their end was read. Lines of one source keep their order even where the wall clock was set back;
 * of two lines with the same time, that of the earlier source comes first.
 */
export function* mergeByTime(sources: readonly Iterable<LogLine>[]): Generator<LogLine> {
  const heap: Head[] = [];
  for (const [source, lines] of sources.entries()) {
    const rest = lines[Symbol.iterator]();
    const first = rest.next();
    if (first.done !== true) push(heap, { line: first.value, source, rest });
  }
  while (heap.length > 0) {
    const head = heap[0]!;
    yield head.line;
    const next = head.rest.next();
    if (next.done === true) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      if (last !== head) heap[0] = last;
    } else {
      heap[0] = { line: next.value, source: head.source, rest: head.rest };
    }
    sink(heap);
  }
}

function comesBefore(a: Head, b: Head): boolean {
  return a.line.realtimeUsec < b.line.realtimeUsec || (a.line.realtimeUsec === b.line.realtimeUsec && a.source < b.source);
}

function push(heap: Head[], head: Head): void {
  let at = heap.push(head) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!comesBefore(head, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = head;
}

function sink(heap: Head[]): void {
  const head = heap[0]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && comesBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!comesBefore(heap[child]!, head)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = head;
}

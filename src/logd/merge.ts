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
    if (first.done !== true) rise(heap, { line: first.value, source, rest });
  }
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    yield head.line;
    const next = head.rest.next();
    const last = next.done === true ? heap.pop() : undefined;
    if (next.done !== true) sink(heap, { line: next.value, source: head.source, rest: head.rest });
    else if (last !== undefined && last !== head) sink(heap, last);
  }
}

function comesBefore(a: Head, b: Head): boolean {
  return a.line.realtimeUsec < b.line.realtimeUsec || (a.line.realtimeUsec === b.line.realtimeUsec && a.source < b.source);
}

/** Adds `head` to the binary heap. */
function rise(heap: Head[], head: Head): void {
  let at = heap.push(head) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !comesBefore(head, parent)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = head;
}

/** Puts `head` in the place of the first of the binary heap. */
function sink(heap: Head[], head: Head): void {
  let at = 0;
  for (;;) {
    const left = heap[2 * at + 1];
    const right = heap[2 * at + 2];
    const isRight = left !== undefined && right !== undefined && comesBefore(right, left);
    const child = isRight ? right : left;
    if (child === undefined || !comesBefore(child, head)) break;
    heap[at] = child;
    at = 2 * at + (isRight ? 2 : 1);
  }
  heap[at] = head;
}

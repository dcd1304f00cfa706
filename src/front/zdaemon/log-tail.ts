/** `logtail`: the last lines of a file, then what is added, like `tail -f`. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const LINES = 10;
const POLL_MSEC = 250;
const CHUNK_BYTES = 64 << 10;

/** Until the signal is aborted. @throws Error when the file cannot be read */
export async function tailFile(path: string, signal: AbortSignal, write: (bytes: Uint8Array) => void, say: (line: string) => void): Promise<void> {
  let fd = openSync(path, 'r');
  let at = lastLines(fd);
  try {
    while (!signal.aborted) {
      const size = fstatSync(fd).size;
      if (size < at) {
        say('File truncated');
        at = 0;
      }
      const bytes = Buffer.alloc(CHUNK_BYTES);
      const count = readSync(fd, bytes, 0, CHUNK_BYTES, at);
      at += count;
      if (count > 0) {
        write(bytes.subarray(0, count));
        continue;
      }
      const now = statSync(path, { throwIfNoEntry: false });
      if (now !== undefined && now.ino !== fstatSync(fd).ino) {
        closeSync(fd);
        fd = openSync(path, 'r');
        at = 0;
        continue;
      }
      await sleep(POLL_MSEC, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    closeSync(fd);
  }
}

/** Where the last lines begin. */
function lastLines(fd: number): number {
  const { size } = fstatSync(fd);
  const start = Math.max(0, size - CHUNK_BYTES);
  const bytes = Buffer.alloc(size - start);
  readSync(fd, bytes, 0, bytes.length, start);
  let newlines = 0;
  for (let i = bytes.length - 2; i >= 0; i--) {
    if (bytes[i] === 10 && ++newlines === LINES) return start + i + 1;
  }
  return start;
}

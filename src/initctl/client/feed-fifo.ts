/** Standard input of the client goes into a FIFO. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { FileOutcome } from '../verb.ts';

/** Ends with the end of the input; waits while the FIFO is full. An error says why not all of it was taken. */
export async function feedFifo(path: string, input: NodeJS.ReadableStream): Promise<FileOutcome> {
  let fd: number;
  try {
    // Not waiting: without a reader the open fails instead of hanging.
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    return { ok: false, error: 'it is no FIFO' };
  }
  try {
    await pipeline(input, new Socket({ fd, readable: false, writable: true }));
    return { ok: true, text: '' };
  } catch (error) {
    return { ok: false, error: (error as Error).message };
  }
}

/** The pipes of a script. The host holds both ends, so a pipe lives while neither a reader nor a writer does, and nothing in it is lost. */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { NativeBinding } from '../host/native.ts';

/** A script with more pipes has lost count of them. */
const PIPES_MAX = 256;

interface Pipe {
  readonly output: number;
  readonly input: number;
  /** The script's own writing end: another description of the same pipe, so that being non-blocking stays our affair. */
  writer: Socket | null;
}

export class PipeTable {
  readonly #pipes = new Map<string, Pipe>();
  readonly #native: NativeBinding;

  constructor(native: NativeBinding) {
    this.#native = native;
  }

  /** Makes the pipe of that name unless it is there. @throws Error when there are too many, or the kernel has none left */
  make(name: string): void {
    if (this.#pipes.has(name)) return;
    if (this.#pipes.size >= PIPES_MAX) throw new Error(`a script can have ${String(PIPES_MAX)} pipes`);
    const ends = this.#native.pipe(false);
    if (typeof ends === 'string') throw new Error(`no pipe can be made: ${ends}`);
    this.#pipes.set(name, { output: ends[0], input: ends[1], writer: null });
  }

  /** The descriptor of an end; null when there is no such pipe. */
  end(name: string, end: 'input' | 'output'): number | null {
    return this.#pipes.get(name)?.[end] ?? null;
  }

  /** @param done called with null when all bytes are in the pipe, else with what went wrong */
  write(name: string, bytes: Buffer, done: (error: string | null) => void): void {
    const pipe = this.#pipes.get(name);
    if (pipe === undefined) {
      done(`there is no pipe ${name}`);
      return;
    }
    pipe.writer ??= openWriter(pipe.input);
    pipe.writer.write(bytes, (error) => { done(error?.message ?? null); });
  }

  closeAll(): void {
    for (const { input, output, writer } of this.#pipes.values()) {
      writer?.destroy();
      closeSync(input);
      closeSync(output);
    }
    this.#pipes.clear();
  }
}

function openWriter(input: number): Socket {
  const fd = openSync(`/proc/self/fd/${String(input)}`, constants.O_WRONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: false, writable: true });
  socket.on('error', () => undefined);
  return socket;
}

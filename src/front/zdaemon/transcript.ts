/**
 * The file with all that the program prints. The program writes into a FIFO that is held open for as long as anybody needs it, so it
 * notices neither a change of files nor a keeper that was killed; and what no disk takes is dropped, so that it never stands still.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export class Transcript {
  readonly #file: string;
  readonly #user: string | null;
  #fd: number | null = null;
  #lost = 0;
  readonly #say: (message: string) => void;

  /** @param fifo is made when it is not there @throws Error when the FIFO cannot be */
  constructor(options: { readonly file: string; readonly fifo: string; readonly user: string | null; readonly say: (message: string) => void }) {
    this.#file = options.file;
    this.#user = options.user;
    this.#say = options.say;
    this.reopen();
    if (!existsSync(options.fifo)) spawnSync('mkfifo', ['-m', '600', options.fifo], { stdio: 'inherit' });
    const source = new Socket({ fd: openSync(options.fifo, constants.O_RDWR | constants.O_NONBLOCK), readable: true, writable: false });
    source.on('data', (bytes: Buffer) => { this.#write(bytes); });
    source.on('error', (error) => { this.#say(`transcript: ${error.message}`); });
  }

  /** Somebody renamed the file. */
  reopen(): void {
    try {
      const isNew = !existsSync(this.#file);
      const fd = openSync(this.#file, 'a', 0o666 & ~0o022);
      if (this.#fd !== null) closeSync(this.#fd);
      this.#fd = fd;
      if (isNew && this.#user !== null) chownSync(this.#file, ...idsOf(this.#user));
    } catch (error) {
      this.#say(`the transcript ${this.#file} cannot be opened: ${(error as Error).message}`);
    }
  }

  #write(bytes: Buffer): void {
    if (this.#fd === null) return;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      if (this.#lost > 0) this.#say(`the transcript is written again; ${String(this.#lost)} bytes were lost`);
      this.#lost = 0;
    } catch (error) {
      if (this.#lost === 0) this.#say(`the transcript cannot be written: ${(error as Error).message}`);
      this.#lost += bytes.length;
    }
  }
}

/** uid and gid of a user that is known to exist. */
export function idsOf(user: string): readonly [number, number] {
  const fields = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([name]) => name === user) ?? [];
  return [Number(fields[2]), Number(fields[3])];
}

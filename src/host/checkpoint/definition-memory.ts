/**
 * Definitions of units in a memory that outlives the engine. For what was loaded counts until a daemon-reload, whatever has become of the
 * files: the next engine goes on under the definitions that the one before had. And reading a thousand unit files would be half of the time
 * until it answers. They are what the loader keeps for a daemon-reload, each with stamps of all it was made of.
 *
 * A memfd of its own, which is only appended to: a line about the life it belongs to, then a line for each definition. There may be several
 * of a name: the newest snapshot can be older than the last daemon-reload. It is known to the next engine when all are written down for the first time.
 */
import { readFileSync } from 'node:fs';
import type { Fd } from '../../base/brand.ts';
import type { NativeBinding } from '../native.ts';
import type { KeptDefinition, KeptDefinitions } from '../unit-loader/kept-definitions.ts';
import type { KeptFds } from './kept-fds.ts';

/** When what was loaded together is loaded; an engine that dies before reads the files. */
const WRITE_AFTER_MSEC = 300;
/** Instances of a template may come and go all the time. */
const PAUSE_MSEC = 5000;
/** Some 5 KB each: two milliseconds of work, and then events are handled. */
const UNITS_AT_ONCE = 50;
const BETWEEN_MSEC = 5;
/** Lines that count no more, beside as many as there are definitions: then all is written anew. */
const STALE_LINES_MAX = 1000;

export interface DefinitionMemoryOptions {
  readonly native: Pick<NativeBinding, 'memfd' | 'write' | 'close'>;
  readonly kept: KeptFds;
  readonly definitions: KeptDefinitions;
  /** Build and configuration in one line: definitions of others are not ours. Asked only when there is something to compare or write. */
  readonly life: () => string;
  /** Calls back after so many milliseconds; nobody stays alive for that. */
  readonly setTimer: (callback: () => void, msec: number) => void;
}

const encoder = new TextEncoder();

export class DefinitionMemory {
  readonly #options: DefinitionMemoryOptions;
  #fd: Fd | null = null;
  /** The next engine finds it. */
  #isKnown = false;
  #lines = 0;
  /** Not before the boot is over; `never` after an error, for then the memory may be incomplete. */
  #mode: 'waits' | 'idle' | 'writing' | 'never' = 'waits';
  #pauseMsec = WRITE_AFTER_MSEC;

  constructor(options: DefinitionMemoryOptions) {
    this.#options = options;
  }

  /** Hands to the loader what a former engine wrote down. To be called before anything is loaded. */
  restore(): void {
    const { kept, definitions, life } = this.#options;
    const [former, ...more] = kept.inherited('definitions').map(([fd]) => fd);
    for (const fd of more) this.#forget(fd);
    if (former === undefined) return;
    const found = readDefinitions(former, life());
    if (found === null) {
      this.#forget(former);
      return;
    }
    definitions.admit(found.definitions);
    if (!found.isWhole) {
      // Nothing can be put behind half a line.
      this.#forget(former);
      definitions.renew();
      return;
    }
    this.#fd = former;
    this.#isKnown = true;
    this.#lines = found.definitions.length;
  }

  /** From now on there is time for it. */
  begin(): void {
    if (this.#mode === 'waits') this.#mode = 'idle';
    this.noteWork();
  }

  /** To be called after each wake-up. */
  noteWork(): void {
    if (this.#mode !== 'idle' || !this.#options.definitions.hasNew) return;
    this.#mode = 'writing';
    this.#options.setTimer(() => { this.#write(); }, this.#pauseMsec);
    this.#pauseMsec = PAUSE_MSEC;
  }

  #write(): void {
    const { definitions, setTimer, kept } = this.#options;
    if (this.#fd === null || this.#lines > 2 * definitions.size + STALE_LINES_MAX) this.#beginAnew();
    if (this.#fd === null) return;
    const some = definitions.takeNew(UNITS_AT_ONCE);
    this.#lines += some.length;
    if (!this.#append(some.map((each) => `${JSON.stringify(each)},\n`).join(''))) return;
    if (definitions.hasNew) {
      setTimer(() => { this.#write(); }, BETWEEN_MSEC);
      return;
    }
    if (!this.#isKnown) kept.keep(this.#fd, { is: 'definitions' });
    this.#isKnown = true;
    this.#mode = 'idle';
  }

  #beginAnew(): void {
    const { native, definitions, life } = this.#options;
    if (this.#fd !== null) this.#forget(this.#fd);
    const fd = native.memfd('heartwood-definitions');
    this.#fd = typeof fd === 'string' ? null : fd;
    this.#isKnown = false;
    this.#lines = 0;
    if (this.#fd === null) this.#mode = 'never';
    else if (this.#append(`${life()}\n`)) definitions.renew();
  }

  #append(text: string): boolean {
    const { native } = this.#options;
    let bytes = encoder.encode(text);
    while (bytes.length > 0) {
      const written = native.write(this.#fd as Fd, bytes);
      if (typeof written === 'string' || written === 0) {
        this.#forget(this.#fd as Fd);
        this.#fd = null;
        this.#mode = 'never';
        return false;
      }
      bytes = bytes.subarray(written);
    }
    return true;
  }

  #forget(fd: Fd): void {
    this.#options.kept.drop(fd);
    this.#options.native.close(fd);
  }
}

/** @returns null for a memory of another life, or one that cannot be read; `isWhole`: the last line has an end */
function readDefinitions(fd: Fd, life: string): { readonly definitions: readonly KeptDefinition[]; readonly isWhole: boolean } | null {
  const head = `${life}\n`;
  try {
    // By its path, for the fd itself stands at the end.
    const text = readFileSync(`/proc/self/fd/${String(fd)}`, 'utf8');
    if (!text.startsWith(head)) return null;
    const end = text.lastIndexOf('\n') + 1;
    // Without the comma at the end of the last line.
    const list = text.slice(head.length, Math.max(head.length, end - ',\n'.length));
    return { definitions: JSON.parse(`[${list}]`) as readonly KeptDefinition[], isWhole: end === text.length };
  } catch {
    return null;
  }
}

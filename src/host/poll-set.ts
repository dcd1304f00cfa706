/**
 * The table behind the addon's poll set: which fd belongs to whom, and in which order the ready ones are served.
 *
 * Tokens, not fds, go to the kernel: an fd number may be closed and given out again within one wake-up, a token is never
 * reused, so a stale readiness is recognised and skipped.
 */
import { assert } from '../base/assert.ts';
import type { Fd } from '../base/brand.ts';
import { SOURCE_PRIORITY } from './engine.ts';
import type { SourcePriority } from './engine.ts';
import type { NativeBinding } from './native.ts';

/** The addon reports its timer under this token. */
const TIMER_TOKEN = 0;

interface Watch {
  readonly fd: Fd;
  readonly token: number;
  readonly callback: (ready: number) => void;
  readonly priority: number;
}

/** What `PollSet` calls: once for each wake-up, after all ready sources were served. */
export interface WakeUpHandler {
  /** The timer armed by `armTimer` is due. Called before `onWakeUp`. */
  onTimer(): void;
  /** All ready sources have been read: time for a turn. */
  onWakeUp(): void;
  /** A source's callback threw: a programmer's error in the shell, which must not take the others with it. */
  onSourceError(error: unknown): void;
}

export class PollSet {
  readonly #native: NativeBinding;
  readonly #byToken = new Map<number, Watch>();
  readonly #byFd = new Map<Fd, Watch>();
  #nextToken = TIMER_TOKEN + 1;
  #serving = false;
  #deferred: { readonly priority: number; readonly call: () => void }[] = [];

  /** Callbacks of a wake-up are running; `onWakeUp` follows in any case. */
  get serving(): boolean {
    return this.#serving;
  }

  #handler: WakeUpHandler | null = null;

  /** Makes the set. It keeps the process alive from now on; nothing is served before `start`. */
  constructor(native: NativeBinding) {
    this.#native = native;
    const result = native.pollStart((ready) => {
      // Level-triggered: what is ready now is still ready when somebody cares.
      if (this.#handler !== null) this.#serve(ready, this.#handler);
    });
    assert(result === 0, `there is a poll set: ${String(result)}`);
  }

  /** From now on ready sources are served. */
  start(handler: WakeUpHandler): void {
    assert(this.#handler === null, 'the poll set is started once');
    this.#handler = handler;
  }

  /**
   * Runs `call` at the place of `priority` in the present wake-up: after the more important ready sources, before the less
   * important ones. Only to be used from a callback of a more important source.
   */
  defer(priority: SourcePriority, call: () => void): void {
    assert(this.#serving, 'work is deferred within a wake-up');
    this.#deferred.push({ priority: SOURCE_PRIORITY.indexOf(priority), call });
  }

  /** Adds a file of /proc that tells its changes with POLL_PRI; for good. */
  addTable(fd: Fd, callback: () => void, priority: SourcePriority): string | 0 {
    return this.#enter(fd, callback, priority, (token) => this.#native.pollAddTable(fd, token));
  }

  /** Adds `fd`. The errno is returned when the kernel cannot poll it (EPERM for regular files). */
  add(fd: Fd, events: number, callback: (ready: number) => void, priority: SourcePriority): string | 0 {
    return this.#enter(fd, callback, priority, (token) => this.#native.pollAdd(fd, token, events));
  }

  #enter(fd: Fd, callback: (ready: number) => void, priority: SourcePriority, register: (token: number) => string | 0): string | 0 {
    assert(!this.#byFd.has(fd), `fd ${String(fd)} is watched once`);
    const watch: Watch = { fd, token: this.#nextToken, callback, priority: SOURCE_PRIORITY.indexOf(priority) };
    const result = register(watch.token);
    if (result !== 0) return result;
    this.#nextToken += 1;
    this.#byToken.set(watch.token, watch);
    this.#byFd.set(fd, watch);
    return 0;
  }

  /** From now on `callback` is called when there are exits for `reap`. To be called once, when SIGCHLD is blocked. */
  addChildren(callback: () => void): void {
    const watch: Watch = { fd: -1 as Fd, token: this.#nextToken, callback, priority: SOURCE_PRIORITY.indexOf('signal') };
    const result = this.#native.pollChildren(watch.token);
    assert(result === 0, `ended children can be watched for: ${String(result)}`);
    this.#nextToken += 1;
    this.#byToken.set(watch.token, watch);
  }

  /** Changes what is waited for. */
  modify(fd: Fd, events: number): void {
    const watch = this.#byFd.get(fd);
    assert(watch !== undefined, `fd ${String(fd)} is watched`);
    const result = this.#native.pollModify(fd, watch.token, events);
    assert(result === 0, `the kernel knows watched fd ${String(fd)}: ${String(result)}`);
  }

  /** Takes `fd` out; to be called before it is closed. Nothing happens when it is not in the set. */
  remove(fd: Fd): void {
    const watch = this.#byFd.get(fd);
    if (watch === undefined) return;
    this.#byFd.delete(fd);
    this.#byToken.delete(watch.token);
    this.#native.pollRemove(fd);
  }

  #serve(ready: readonly number[], handler: WakeUpHandler): void {
    const due: { readonly watch: Watch; readonly bits: number }[] = [];
    let timer = false;
    for (let i = 0; i + 1 < ready.length; i += 2) {
      const token = ready[i];
      if (token === TIMER_TOKEN) {
        timer = true;
        continue;
      }
      const watch = token === undefined ? undefined : this.#byToken.get(token);
      if (watch !== undefined) due.push({ watch, bits: ready[i + 1] ?? 0 });
    }
    if (due.length > 1) due.sort((a, b) => a.watch.priority - b.watch.priority || a.watch.token - b.watch.token);
    this.#serving = true;
    for (const { watch, bits } of due) {
      if (this.#deferred.length > 0) this.#runDeferred(watch.priority, handler);
      // An earlier callback of this wake-up may have removed it.
      if (this.#byToken.get(watch.token) !== watch) continue;
      guard(() => { watch.callback(bits); }, handler);
    }
    this.#runDeferred(SOURCE_PRIORITY.length, handler);
    this.#serving = false;
    if (timer) handler.onTimer();
    handler.onWakeUp();
  }

  /** Runs what was deferred to a place before `priority`. */
  #runDeferred(priority: number, handler: WakeUpHandler): void {
    const due = this.#deferred.filter((item) => item.priority < priority);
    if (due.length === 0) return;
    this.#deferred = this.#deferred.filter((item) => item.priority >= priority);
    for (const { call } of due) guard(call, handler);
  }
}

function guard(call: () => void, handler: WakeUpHandler): void {
  try {
    call();
  } catch (error) {
    handler.onSourceError(error);
  }
}

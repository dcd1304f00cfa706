/** The program logd: one process, started and supervised by the manager, that keeps the output of services. */
import { loadNative } from '../host/load-native.ts';
import { SettledMemory, settledMemoryPorts } from '../host/memory/settled-memory.ts';
import type { Fd } from '../base/brand.ts';
import type { NativeBinding } from '../host/native.ts';
import { CrashRecords } from './crash-records.ts';
import { DirectoryPlace, prepareDirectory } from './directory-place.ts';
import { Echo } from './echo.ts';
import { TOTAL_BYTES_MAX, UNIT_BYTES_MAX } from './limits.ts';
import { readLastLines } from './last-lines.ts';
import { LineWatches } from './line-watches.ts';
import { LogKeeper } from './log-keeper.ts';
import { managerIdentity } from './manager-identity.ts';
import { MemoryPlace } from './memory-place.ts';
import {
  CONTROL_FD, decodeToLogd, encodeMessage, MESSAGE_BYTES_MAX, PROTOCOL_VERSION, type FromLogd, type ToLogd,
} from './protocol.ts';
import { catalogOf, QueryServer } from './query-server.ts';
import { READABLE, ReadySet } from './ready-set.ts';
import type { Caps, SegmentPlace } from './segment-place.ts';
import { parseStartOptions, type StartOptions } from './start-options.ts';
import { SYSLOG_DAEMON_PATH, SyslogForward } from './syslog-forward.ts';
import { SyslogIntake } from './syslog-intake.ts';

/** Messages to the manager that may wait for it: one per stream in the worst case, and then it has other troubles. */
const OUTBOX_MAX = 20_000;
/** The manager is busy; its socket is tried again this much later. */
const OUTBOX_RETRY_MSEC = 20;

class Logd {
  readonly #native: NativeBinding;
  readonly #options: StartOptions;
  readonly #ready: ReadySet;
  readonly #memory: SettledMemory;
  readonly #packet = Buffer.alloc(MESSAGE_BYTES_MAX + 1);
  readonly #echo: Echo | null;
  #caps: Caps = { unitBytesMax: UNIT_BYTES_MAX, totalBytesMax: TOTAL_BYTES_MAX };
  #keeper: LogKeeper | null = null;
  #queries: QueryServer | null = null;
  #lines: LineWatches | null = null;
  #crashes: CrashRecords | null = null;
  #syslog: SyslogIntake | null = null;
  #outbox: Uint8Array[] = [];
  /** The manager has said that it is about to go. */
  #mayEnd = false;
  /** It went without a word. */
  #isOrphan = false;
  #isFinishing = false;

  constructor(native: NativeBinding, options: StartOptions) {
    this.#native = native;
    this.#options = options;
    this.#memory = new SettledMemory(settledMemoryPorts(native));
    this.#ready = new ReadySet(native, () => { this.#memory.noteWork(); });
    this.#echo = options.echoFd === null ? null : new Echo({
      native, ready: this.#ready, fd: options.echoFd, onRoom: () => { this.#keeper?.resume(); },
    });
    const control = CONTROL_FD as Fd;
    native.setNonBlocking(control, true);
    native.setCloexec(control, true);
    if (!this.#ready.add(control, READABLE, () => { this.#receive(control); })) throw new Error('fd 3 is not the control socket');
  }

  /** Everything the manager has sent. */
  #receive(control: Fd): void {
    for (;;) {
      const received = this.#native.receiveWithFds(control, this.#packet);
      if (received === 'EAGAIN' || received === 'EINTR') return;
      if (typeof received === 'string' || received[0] === 0) {
        if (this.#mayEnd) this.#finish();
        else this.#liveOn(control);
        return;
      }
      const [length, fds] = received;
      const message = decodeToLogd(this.#packet.subarray(0, length));
      if (message === null) {
        this.#tell({ type: 'trouble', code: 'protocol', unit: null, message: `a message of ${length} bytes was not understood` });
      }
      const isTaken = message !== null && this.#obey(message, fds);
      for (const fd of isTaken ? fds.slice(1) : fds) this.#native.close(fd);
    }
  }

  /** @returns true when the first fd now belongs to somebody */
  #obey(message: ToLogd, fds: readonly Fd[]): boolean {
    if (message.type === 'hello') {
      if (this.#keeper === null) this.#begin(message.bootId);
      return false;
    }
    const keeper = this.#keeper;
    if (keeper === null) {
      this.#tell({ type: 'trouble', code: 'protocol', unit: null, message: `${message.type} before hello` });
      return false;
    }
    switch (message.type) {
      case 'open':
        if (fds[0] === undefined) {
          this.#tell({ type: 'trouble', code: 'protocol', unit: message.origin.unit, message: 'open without an fd' });
          return false;
        }
        keeper.open(message.origin, message.echo, fds[0]);
        return true;
      case 'syslog':
        // A manager that executed itself anew tells everything again; the socket is the same.
        if (fds[0] === undefined || this.#syslog !== null) return false;
        this.#syslog = this.#openSyslog(keeper, message.echo, fds[0]);
        return true;
      case 'senders':
        this.#syslog?.answer(message.id, message.units);
        return false;
      case 'update':
        keeper.update(message.stream, message);
        return false;
      case 'close':
        keeper.close(message.stream);
        return false;
      case 'settings':
        this.#caps = {
          unitBytesMax: message.unitBytesMax ?? this.#caps.unitBytesMax,
          totalBytesMax: message.totalBytesMax ?? this.#caps.totalBytesMax,
        };
        if (keeper.place instanceof DirectoryPlace) keeper.place.setCaps(this.#caps);
        return false;
      case 'seek':
        this.#lines?.seek(message);
        return false;
      case 'unseek':
        this.#lines?.unseek(message.unit, message.name);
        return false;
      case 'end':
        this.#mayEnd = true;
        return false;
      case 'crash':
        this.#crashes?.add(message.report, performance.now());
        return false;
      case 'flush':
        this.#settle(keeper, () => { this.#tell({ type: 'flushed', id: message.id }); });
        return false;
      case 'reopen':
        keeper.reopen();
        this.#lines?.reopened();
        this.#tellReady();
        return false;
    }
  }

  #begin(bootId: string): void {
    const keeper = new LogKeeper({
      native: this.#native, ready: this.#ready, echo: this.#echo, writer: { bootId, manager: managerIdentity(process.ppid) },
      choosePlace: (removed) => this.#choosePlace(removed),
      tell: (message) => { this.#tell(message); },
      onStored: (unit) => {
        this.#queries?.stored(unit);
        this.#lines?.stored(unit);
      },
    });
    this.#keeper = keeper;
    this.#lines = new LineWatches({
      catalog: () => catalogOf({ directories: this.#options.directories, keeper }),
      tell: (message) => { this.#tell(message); },
    });
    this.#crashes = new CrashRecords({
      directory: () => keeper.place.directory,
      lastLines: (unit, count) => {
        keeper.drainAll();
        return readLastLines(keeper.catalog, unit, count);
      },
      onError: (message) => { this.#tell({ type: 'trouble', code: 'storage', unit: null, message }); },
    });
    if (this.#options.querySocket !== null) {
      this.#queries = new QueryServer({
        path: this.#options.querySocket, keeper, directories: this.#options.directories, bootId,
        onAnswered: () => { this.#memory.noteWork(); },
        onError: (message) => { this.#tell({ type: 'trouble', code: 'protocol', unit: null, message }); },
      });
    }
    this.#tellReady();
    this.#memory.settle();
  }

  #openSyslog(keeper: LogKeeper, echo: boolean, fd: Fd): SyslogIntake {
    const forward = new SyslogForward({
      native: this.#native, path: this.#options.syslogDaemon ?? SYSLOG_DAEMON_PATH,
      onMissed: (count, errno) => {
        this.#tell({ type: 'trouble', code: 'lost', unit: null, message: `the syslog daemon missed ${count} ${count === 1 ? 'message' : 'messages'}: ${errno}` });
      },
    });
    return new SyslogIntake({
      native: this.#native, ready: this.#ready, fd, forward,
      ask: (id, processes) => { this.#tell({ type: 'whose', id, processes }); },
      store: (received) => { keeper.storeMessage(received, echo); },
    });
  }

  #choosePlace(removed: (unit: string) => void): SegmentPlace {
    const refused: string[] = [];
    for (const directory of this.#options.directories) {
      const errno = prepareDirectory(directory);
      if (errno === null) return new DirectoryPlace(directory, this.#caps, removed);
      refused.push(`${directory}: ${errno}`);
    }
    const message = `no log directory can be written (${refused.join(', ')}): lines are kept in memory, and end with logd`;
    this.#tell({ type: 'trouble', code: 'storage', unit: null, message });
    return new MemoryPlace(this.#native, removed);
  }

  #tellReady(): void {
    this.#tell({ type: 'ready', version: PROTOCOL_VERSION, directory: this.#keeper?.place.directory ?? null });
  }

  #tell(message: FromLogd): void {
    if (this.#isOrphan) {
      if (message.type === 'ended' && this.#keeper?.isEmpty === true) this.#finish();
      return;
    }
    if (this.#outbox.length >= OUTBOX_MAX) return;
    this.#outbox.push(encodeMessage(message));
    if (this.#outbox.length === 1) this.#post();
  }

  #post(): void {
    for (let next = this.#outbox[0]; next !== undefined; next = this.#outbox[0]) {
      const sent = this.#native.send(CONTROL_FD as Fd, next);
      if (sent === 'EAGAIN' || sent === 'ENOBUFS') {
        setTimeout(() => { this.#post(); }, OUTBOX_RETRY_MSEC);
        return;
      }
      this.#outbox.shift();
    }
  }

  /**
   * The manager was killed. Its services write into pipes that nobody but we can read: they are kept until their last writer is gone. The
   * next manager has a logd of its own, which has to get the query socket.
   */
  #liveOn(control: Fd): void {
    this.#isOrphan = true;
    // What nobody hears; the number of the socket may soon be that of a file.
    this.#outbox = [];
    this.#ready.remove(control);
    this.#native.close(control);
    this.#queries?.close();
    this.#queries = null;
    this.#syslog?.close();
    this.#syslog = null;
    this.#keeper?.drainAll();
    if (this.#keeper === null || this.#keeper.isEmpty) this.#finish();
  }

  /** Nobody is left to serve: what is in the pipes now is stored. */
  #finish(): void {
    this.#queries?.close();
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    if (this.#keeper === null) process.exit(0);
    this.#syslog?.end();
    const crashes = this.#crashes?.finish() ?? Promise.resolve();
    this.#settle(this.#keeper, () => { void crashes.then(() => process.exit(0)); });
  }

  /** Empties the pipes; `done` when all of that is on the disk and, if somebody reads there, on the echo fd. */
  #settle(keeper: LogKeeper, done: () => void): void {
    keeper.drainAll();
    const sync = (): void => {
      keeper.sync(() => {
        if (this.#echo === null) done();
        else this.#echo.whenEmpty(done);
      });
    };
    if (this.#syslog === null) sync();
    else this.#syslog.settle(sync);
  }
}

const options = parseStartOptions(process.argv.slice(2));
if (typeof options === 'string') {
  process.stderr.write(`logd: ${options}\n`);
  process.exit(2);
}
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => { /* Services have last words; see protocol.ts. */ });
const native = loadNative();
native.setProcessName('logd');
new Logd(native, options);

/**
 * The typed face of the addon (`native/addon/`). Each call checks its arguments (TypeError for a programmer's mistake),
 * makes one kernel operation and returns its value, or the errno by name as a string. None of them decides anything.
 * Every fd an addon call returns is close-on-exec and belongs to the caller.
 */
import type { Errno, Fd, Pid, Signal } from '../base/brand.ts';

/** A value, or the name of the errno: `typeof r === 'string'` tells which. Calls without a value return 0. */
export type Outcome<T> = T | Errno;

export interface SignalRecord {
  readonly signal: Signal;
  /** Sender, 0 when the kernel sent it. */
  readonly pid: number;
  readonly uid: number;
  /** si_int of sigqueue(3). */
  readonly value: number;
}

export interface ProcessExit {
  readonly pid: Pid;
  readonly code: 'exited' | 'killed' | 'dumped';
  /** Exit status, or the number of the signal. */
  readonly status: number;
  readonly uid: number;
  readonly userUsec: number;
  readonly systemUsec: number;
  readonly maxRssBytes: number;
}

/** What the child of `spawn` does between clone and exec, all of it without blocking: plain contexts only. */
export interface SpawnSpec {
  /** Absolute path. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Fds for 0, 1, 2; duplicated, not closed in the manager. */
  readonly stdio: readonly [Fd, Fd, Fd];
  /** More fds, given to the child as 3, 4, … in order (LISTEN_FDS). */
  readonly extraFds: readonly Fd[];
  readonly cwd: string;
  readonly umask: number;
  /** null leaves credentials alone. All numeric: names were resolved before. */
  readonly credentials: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] } | null;
  /** [resource number, soft, hard] each; Infinity for no limit. */
  readonly limits: readonly (readonly [number, number, number])[];
  readonly nice: number | null;
  readonly oomScoreAdjust: number | null;
  readonly noNewPrivileges: boolean;
  readonly ignoreSigpipe: boolean;
  /** setsid(2) first; else the child gets a process group of its own. */
  readonly newSession: boolean;
  /** Neither: the child stays in the process group of the manager, which the kernel's automounter lets pass. */
  readonly sameGroup?: true;
  /** A session keyring of its own, where the kernel grants it; left out: the manager's. */
  readonly ownKeyring?: true;
  /** In that keyring is the one of the user. */
  readonly linksUserKeyring?: true;
  /** Directory fd of the control group to be born into; -1 = none (the manager's own). */
  readonly cgroupFd: Fd | -1;
  /** Environment variables whose value can only be known in the child: the index in `env` whose value gets the child's pid appended (`LISTEN_PID=`, `WATCHDOG_PID=`). */
  readonly pidEnvIndexes: readonly number[];
  /** An fd of a terminal to become the controlling terminal of the new session; -1 = none. */
  readonly controllingTty: Fd | -1;
}

export type SpawnResult =
  | { readonly pid: Pid; readonly pidfd: Fd }
  | { readonly errno: Errno; readonly stage: 'clone' | 'cgroup' | 'session' | 'stdio' | 'limits' | 'nice' | 'oom' | 'credentials' | 'chdir' | 'exec' | 'tty' };

export interface NotifyMessage {
  /** Sender by SCM_CREDENTIALS; 0 when the kernel gave none. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly text: string;
  readonly fds: readonly Fd[];
  /** The datagram was longer than the buffer (64 KiB) or carried more fds than allowed; `text` is its beginning. */
  readonly truncated: boolean;
}

export interface InotifyRecord {
  readonly watch: number;
  readonly mask: number;
  readonly name: string;
}

/** Of something that was read and that no event tells of. */
export interface Held {
  /** The number the next event had when it was read: if that number was given, the event is in the journal. */
  readonly at: number;
  /** How many engines have died with it in hand. */
  readonly deaths: number;
}

export interface NativeBinding {
  // --- signal: signalfd after blocking the set in every thread, so that nothing is lost (NODE-AS-PID1, section 2)
  /** Blocks `signals`, and SIGCHLD, in all threads of the process and returns a signalfd for `signals`. */
  signalOpen(signals: readonly number[]): Outcome<Fd>;
  /** Up to 64 records; empty when there are none. */
  signalRead(fd: Fd): Outcome<SignalRecord[]>;
  /** Signals that a former engine read and told nobody of. To be called once in an engine. */
  heldSignals(): { readonly records: readonly SignalRecord[] } & Held;
  /** The oldest signal that was read is written down: a next engine needs not be told. */
  signalTold(): 0;

  // --- process
  spawn(spec: SpawnSpec): SpawnResult;
  /**
   * The same without waiting for the child's execve, so that many can be on their way at once. All fds of the specification may be
   * closed afterwards. Nothing may be reaped before `spawnFinish`.
   */
  spawnBegin(spec: SpawnSpec): void;
  /** Waits for all children begun since the last call; their results in that order. */
  spawnFinish(): readonly SpawnResult[];
  /**
   * Reaps up to `max` (8192) children, with their resource use. Each is written down in the checkpoint's memory before it is reaped, and
   * stays there until `exitsTold`; what was not told by the next call is forgotten.
   */
  reap(max: number): ProcessExit[];
  /** The end of `pid`, which is no child of `spawn`, is to be told: it was adopted, or a former engine started it. */
  expectExit(pid: number): 0;
  /**
   * On: children that were neither spawned nor expected are reaped without a word, which also spares the wake-up. Off, as at the start:
   * every exit is told.
   */
  reapStrangersQuietly(on: boolean): 0;
  /** What a former engine wrote down and did not tell. To be called before the first `reap`. */
  leftExits(): ProcessExit[];
  /** So many more of the exits, in their order, are written down elsewhere. */
  exitsTold(count: number): 0;
  pidfdOpen(pid: number): Outcome<Fd>;
  /** A copy of another process's fd: pidfd_getfd(2). EPERM when we may not trace that process. */
  pidfdGetFd(pidfd: Fd, number: number): Outcome<Fd>;
  pidfdSendSignal(pidfd: Fd, signal: number): Outcome<0>;
  /** kill(2); a negative pid is a process group. -1 is refused with EINVAL: only killAll does that. */
  kill(pid: number, signal: number): Outcome<0>;
  /** kill(-1, signal): everything but ourselves and init. Only for the end of shutdown. */
  killAll(signal: number): Outcome<0>;
  sigqueue(pid: number, signal: number, value: number): Outcome<0>;
  /** Ends this process without taking Node down first. Nothing is flushed. @see _exit(2) */
  exitNow(status: number): never;

  // --- prctl and identity
  setChildSubreaper(on: boolean): Outcome<0>;
  /** Parent-death signal; 0 = none. */
  setParentDeathSignal(signal: number): Outcome<0>;
  setProcessName(name: string): Outcome<0>;
  /** Capability numbers of the effective set. */
  effectiveCapabilities(): number[];
  /** The limits this process was started with, before Node raised the soft NOFILE one: [resource, soft, hard]. */
  inheritedLimits(): [number, number, number][];
  umask(mask: number): number;
  setsid(): Outcome<number>;

  // --- poll: one epoll fd in Node's loop
  /**
   * Starts the poll set. `onReady` gets a flat array [token, events, token, events, …] for up to 256 ready fds; it is called from
   * the loop, once for each wake-up. The set alone keeps the process alive.
   */
  pollStart(onReady: (ready: readonly number[]) => void): Outcome<0>;
  /** Ends the set, so that the process may end; the fds in it stay open. EALREADY when there is none. */
  pollStop(): Outcome<0>;
  /** `events`: EPOLLIN 1, EPOLLPRI 2, EPOLLOUT 4, EPOLLERR 8, EPOLLHUP 16, EPOLLRDHUP 0x2000. Level-triggered. */
  pollAdd(fd: Fd, token: number, events: number): Outcome<0>;
  /** A file of /proc that the kernel tells changes of with POLL_PRI (mountinfo, swaps); it stays in until `pollStop`. EBUSY for a third. */
  pollAddTable(fd: Fd, token: number): Outcome<0>;
  pollModify(fd: Fd, token: number, events: number): Outcome<0>;
  pollRemove(fd: Fd): Outcome<0>;
  /** One absolute CLOCK_MONOTONIC timer (timerfd) in the set, reported as token 0; null disarms. */
  pollTimer(dueMonotonicUsec: number | null): Outcome<0>;
  /**
   * SIGCHLD in the set. What has ended is reaped before anybody hears of it, and `token` is reported when `reap` has something to tell.
   * To be called once, after `signalOpen`, which blocks the signal.
   */
  pollChildren(token: number): Outcome<0>;
  /** CLOCK_MONOTONIC and CLOCK_REALTIME in microseconds. */
  clock(): readonly [number, number];
  /** A timerfd that becomes readable when the wall clock is set (TFD_TIMER_CANCEL_ON_SET). */
  clockChangeFd(): Outcome<Fd>;

  // --- socket
  /** Unix socket bound at `path` with `mode`; `@name` is the abstract name space. stream: listening with `backlog`. */
  unixListen(path: string, mode: number, backlog: number): Outcome<Fd>;
  unixDatagram(path: string, mode: number): Outcome<Fd>;
  unixConnect(path: string, kind: 'stream' | 'datagram'): Outcome<Fd>;
  /** Non-blocking accept4. EAGAIN when there is none. */
  accept(fd: Fd): Outcome<Fd>;
  peerCredentials(fd: Fd): Outcome<{ readonly pid: number; readonly uid: number; readonly gid: number }>;
  /** One datagram with credentials and fds; the socket gets SO_PASSCRED from unixDatagram. */
  receiveNotify(fd: Fd): Outcome<NotifyMessage>;
  /** What a former engine received and told nobody of, with its fds. EAGAIN when there is nothing. To be called once in an engine. */
  heldNotify(): Outcome<NotifyMessage & Held>;
  /** The message received last is written down: a next engine needs not be told. */
  notifyTold(): 0;
  /** sendmsg with SCM_RIGHTS; non-blocking. Returns bytes sent. */
  sendWithFds(fd: Fd, data: Uint8Array, fds: readonly Fd[]): Outcome<number>;
  /** recvmsg with SCM_RIGHTS into `into`; [bytes, fds]. 0 bytes = end of stream. */
  receiveWithFds(fd: Fd, into: Uint8Array): Outcome<readonly [number, Fd[]]>;
  socketPair(kind: 'stream' | 'datagram' | 'seqpacket'): Outcome<readonly [Fd, Fd]>;
  /** recv/send that never block and never raise SIGPIPE. */
  receive(fd: Fd, into: Uint8Array): Outcome<number>;
  send(fd: Fd, data: Uint8Array): Outcome<number>;
  setSocketBuffers(fd: Fd, receiveBytes: number, sendBytes: number): Outcome<0>;
  /**
   * One datagram with its sender's credentials (the pid is 0 when the kernel gave none). What is longer than `into` is cut; fds passed
   * along are closed.
   */
  receiveDatagram(fd: Fd, into: Uint8Array): Outcome<{ readonly bytes: number; readonly pid: number; readonly uid: number; readonly gid: number }>;
  /**
   * One datagram to the socket at `path`, never waiting. With a pid other than 0 it goes in that process's name (SCM_CREDENTIALS): EPERM
   * without the capabilities for that, ESRCH when there is no such process.
   */
  sendDatagram(fd: Fd, path: string, data: Uint8Array, pid: number, uid: number, gid: number): Outcome<number>;

  // --- listen: addresses are the bytes of struct sockaddr
  /** Non-blocking and close-on-exec. Numbers of socket(2). */
  socketOpen(family: number, type: number, protocol: number): Outcome<Fd>;
  socketBind(fd: Fd, address: Uint8Array): Outcome<0>;
  /** EINPROGRESS when it takes longer: the fd becomes writable then, and `socketError` tells. */
  socketConnect(fd: Fd, address: Uint8Array): Outcome<0>;
  /** SO_ERROR: what became of it. */
  socketError(fd: Fd): Outcome<0>;
  socketListen(fd: Fd, backlog: number): Outcome<0>;
  /** setsockopt(2) with the bytes of the value. */
  socketOption(fd: Fd, level: number, option: number, value: Uint8Array): Outcome<0>;
  socketName(fd: Fd): Outcome<Uint8Array>;
  peerName(fd: Fd): Outcome<Uint8Array>;
  makeFifo(path: string, mode: number): Outcome<0>;
  /** For reading, made when there is none; 0 for both bounds takes the system's. */
  queueOpen(name: string, mode: number, messages: number, messageBytes: number): Outcome<Fd>;
  queueUnlink(name: string): Outcome<0>;

  // --- fd
  pipe(nonBlocking: boolean): Outcome<readonly [Fd, Fd]>;
  /** F_SETPIPE_SZ. Returns the size in force. */
  setPipeSize(fd: Fd, bytes: number): Outcome<number>;
  /** Flags as numbers of open(2); O_CLOEXEC and O_NOCTTY are added. Waits on a FIFO or a dead file server unless O_NONBLOCK is given. */
  open(path: string, flags: number, mode: number): Outcome<Fd>;
  close(fd: Fd): Outcome<0>;
  duplicate(fd: Fd): Outcome<Fd>;
  /** Reads or writes at the fd's own offset; never more than one system call. */
  read(fd: Fd, into: Uint8Array): Outcome<number>;
  write(fd: Fd, data: Uint8Array): Outcome<number>;
  /**
   * splice(2) with SPLICE_F_NONBLOCK: moves at most `max` bytes out of the pipe `from` into `to` inside the kernel: at `toOffset` of a
   * file not opened for appending, or with `toOffset` -1 at its own offset (or into a pipe). 0 = every writer has closed; EAGAIN =
   * the pipe is empty. A process killed in the middle has moved exactly as many bytes as left the pipe: logd's promise to lose no
   * line rests on this.
   */
  splice(from: Fd, to: Fd, toOffset: number, max: number): Outcome<number>;
  /** tee(2) with SPLICE_F_NONBLOCK: copies at most `max` bytes from the pipe `from` into the pipe `to` and leaves them in `from`. */
  tee(from: Fd, to: Fd, max: number): Outcome<number>;
  setNonBlocking(fd: Fd, on: boolean): Outcome<0>;
  setCloexec(fd: Fd, on: boolean): Outcome<0>;
  isTty(fd: Fd): boolean;
  memfd(name: string): Outcome<Fd>;
  eventfd(): Outcome<Fd>;
  /**
   * Whole of a small regular file (at most `max` bytes), opened non-blocking; EINVAL if it is not a regular file, EFBIG if longer.
   * Text and errno are both strings: only for files whose text can never be the bare name of an errno.
   */
  readSmallFile(path: string, max: number): Outcome<string>;
  /** Writes a string to an existing file (control group attribute, /proc file) with one write. */
  writeAttribute(path: string, text: string): Outcome<0>;

  // --- inotify
  inotifyOpen(): Outcome<Fd>;
  /** Returns the watch number. */
  inotifyAdd(fd: Fd, path: string, mask: number): Outcome<number>;
  inotifyRemove(fd: Fd, watch: number): Outcome<0>;
  inotifyRead(fd: Fd): Outcome<InotifyRecord[]>;

  // --- cgroup
  makeDirectory(path: string, mode: number): Outcome<0>;
  removeDirectory(path: string): Outcome<0>;
  openDirectory(path: string): Outcome<Fd>;
  /** Whether a process lives in the group or below it. @see cgroups(7), cgroup.events */
  isGroupPopulated(path: string): Outcome<boolean>;
  /**
   * The processes in a control group and in the groups below it, those of a parent before those of its children; without what lives
   * outside of our PID namespace. Deeper than `depthMax` levels or past `groupsMax` groups is not looked. @see cgroups(7)
   */
  readGroupProcesses(path: string, depthMax: number, groupsMax: number): Outcome<Pid[]>;

  // --- bpf: programs of control groups; numbers are those of linux/bpf.h. Everything takes CAP_BPF or CAP_SYS_ADMIN, and more
  /** @param attachType 0 where the kind of program does not ask for one @param name at most 15 letters, digits, `_` and `.` */
  bpfLoad(programType: number, attachType: number, name: string, instructions: Uint8Array): Outcome<Fd>;
  /** Beside the programs that are attached there already. The kernel keeps it as long as there is the group. @param group directory */
  bpfAttach(group: string, attachType: number, program: Fd): Outcome<0>;
  bpfDetach(group: string, attachType: number, programId: number): Outcome<0>;
  /** Programs attached to the group itself, as numbers that hold in the whole machine. */
  bpfAttached(group: string, attachType: number): Outcome<number[]>;
  bpfProgram(id: number): Outcome<{ readonly name: string; readonly maps: readonly { readonly id: number; readonly name: string }[] }>;
  bpfMapCreate(type: number, keyBytes: number, valueBytes: number, entriesMax: number, flags: number, name: string): Outcome<Fd>;
  bpfMapOpen(id: number): Outcome<Fd>;
  /** @param key and value have the lengths that the map was made with; else the kernel would read what lies behind them */
  bpfMapSet(map: Fd, key: Uint8Array, value: Uint8Array): Outcome<0>;
  bpfMapGet(map: Fd, key: Uint8Array, into: Uint8Array): Outcome<0>;

  // --- mount
  mount(source: string, target: string, type: string, flags: number, data: string): Outcome<0>;
  umount(target: string, flags: number): Outcome<0>;
  // --- autofs: commands of /dev/autofs to a direct mount
  /** An fd of the autofs mount at `path` itself, whatever is mounted over it later. */
  autofsOpen(path: string): Outcome<Fd>;
  /** Who waits under the number `token` goes on; with an `errno` other than 0 its system call fails with that. */
  autofsAnswer(fd: Fd, token: number, errno: number): Outcome<0>;
  pivotRoot(newRoot: string, putOld: string): Outcome<0>;
  chroot(path: string): Outcome<0>;
  swapoff(path: string): Outcome<0>;

  // --- power and kernel
  sync(): Outcome<0>;
  /** reboot(2). `restart2` carries an argument. In a PID namespace it ends the namespace. */
  reboot(how: 'power-off' | 'restart' | 'halt' | 'kexec' | 'cad-off' | 'cad-on', argument: string | null): Outcome<0>;
  setHostname(name: string): Outcome<0>;
  /** Brings the loopback interface up with 127.0.0.1 and ::1. */
  loopbackUp(): Outcome<0>;

  // --- tty
  /** TIOCGWINSZ: [columns, rows]. */
  windowSize(fd: Fd): Outcome<readonly [number, number]>;
  setForegroundGroup(fd: Fd, pgid: number): Outcome<0>;
  getForegroundGroup(fd: Fd): Outcome<number>;
  /** Sane line settings, as `stty sane`. */
  resetTty(fd: Fd): Outcome<0>;

  // --- exec and crash
  /** Clears CLOEXEC on `keep`, then execve. Returns only when it failed. */
  reexec(path: string, argv: readonly string[], env: readonly string[], keep: readonly Fd[]): Errno;
  /**
   * Makes `fd` (a memfd) `bytes` long and maps it shared: what is stored there outlives the engine. One for each process, EALREADY for
   * a second. The layout of its first pages is native/addon/checkpoint-layout.h.
   */
  checkpointMap(fd: Fd, bytes: number): Outcome<0>;
  /**
   * A part of what was mapped. V8 takes parts for memory that collecting could free: from 64 MiB of them on it begins to collect, so
   * only those that are used should be asked for.
   *
   * @returns ENOTSUP when this Node has no such buffers
   */
  checkpointPart(at: number, bytes: number): Outcome<ArrayBuffer>;
  /** 32 bits that change when the bytes do. */
  checksum(data: Uint8Array): number;
  /**
   * From now on a fatal signal, a call of exit and a main thread that does not come back to its loop within `hangMsec` end in
   * execve of `path`, with the fds the checkpoint keeps. Dying again and again without living in between ends in
   * `rescue --rescue REASON`. Needs the checkpoint's map.
   */
  guardStart(path: string, argv: readonly string[], env: readonly string[], rescue: string | null, hangMsec: number): Outcome<0>;
  /** The manager ends on purpose: exit is exit again. */
  guardEnd(): 0;
  /** Does not come back: an endless loop, or an endless recursion. For drills. */
  commitFault(how: 'loop' | 'recursion'): void;
  /** The same execve, now. Returns only when it failed; EPERM without a guard. */
  guardExecute(): Errno;
  /** A file of ASCII text as a string whose characters stay in the page cache; null when that cannot be. The loader's, for the program itself. */
  mapText(path: string): string | null;
  /** Collects everything and gives the room of young objects back to the kernel; ENOSYS where this Node cannot be asked to. Some milliseconds for each of V8's rounds. */
  shrinkHeap(): Outcome<0>;
  /** madvise(DONTNEED) on clean file-backed private mappings; [mappings dropped, bytes]. */
  trimMemory(): readonly [number, number];
}

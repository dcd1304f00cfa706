/** How a process ended, in the words of `systemctl status`: `code=exited, status=203/EXEC`. */
import { SIGRTMIN } from '../../base/signals.ts';

/**
 * Names of exit statuses: 0 and 1 of the C library, 2 to 7 of the LSB, 64 to 78 of BSD's sysexits.h, 200 and above those the
 * unit executor uses for each step of a process's set-up. Source: systemd.exec(5), "Process Exit Codes".
 */
const EXIT_NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [0, 'SUCCESS'], [1, 'FAILURE'], [2, 'INVALIDARGUMENT'], [3, 'NOTIMPLEMENTED'], [4, 'NOPERMISSION'], [5, 'NOTINSTALLED'],
  [6, 'NOTCONFIGURED'], [7, 'NOTRUNNING'], [64, 'USAGE'], [65, 'DATAERR'], [66, 'NOINPUT'], [67, 'NOUSER'], [68, 'NOHOST'],
  [69, 'UNAVAILABLE'], [70, 'SOFTWARE'], [71, 'OSERR'], [72, 'OSFILE'], [73, 'CANTCREAT'], [74, 'IOERR'], [75, 'TEMPFAIL'],
  [76, 'PROTOCOL'], [77, 'NOPERM'], [78, 'CONFIG'], [200, 'CHDIR'], [201, 'NICE'], [202, 'FDS'], [203, 'EXEC'],
  [204, 'MEMORY'], [205, 'LIMITS'], [206, 'OOM_ADJUST'], [207, 'SIGNAL_MASK'], [208, 'STDIN'], [209, 'STDOUT'],
  [210, 'CHROOT'], [211, 'IOPRIO'], [212, 'TIMERSLACK'], [213, 'SECUREBITS'], [214, 'SETSCHEDULER'], [215, 'CPUAFFINITY'],
  [216, 'GROUP'], [217, 'USER'], [218, 'CAPABILITIES'], [219, 'CGROUP'], [220, 'SETSID'], [221, 'CONFIRM'], [222, 'STDERR'],
  [224, 'PAM'], [225, 'NETWORK'], [226, 'NAMESPACE'], [227, 'NO_NEW_PRIVILEGES'], [228, 'SECCOMP'], [229, 'SELINUX_CONTEXT'],
  [230, 'PERSONALITY'], [231, 'APPARMOR'], [232, 'ADDRESS_FAMILIES'], [233, 'RUNTIME_DIRECTORY'], [235, 'CHOWN'],
  [236, 'SMACK_PROCESS_LABEL'], [237, 'KEYRING'], [238, 'STATE_DIRECTORY'], [239, 'CACHE_DIRECTORY'], [240, 'LOGS_DIRECTORY'],
  [241, 'CONFIGURATION_DIRECTORY'], [242, 'NUMA_POLICY'], [243, 'CREDENTIALS'], [244, 'BPF'], [255, 'EXCEPTION'],
]);

const SIGNAL_NAMES: readonly string[] = (
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM '
  + 'PROF WINCH IO PWR SYS'
).split(' ');

/** The kernel's first real-time signal after those the C library keeps for itself. */

/** `KILL` for 9, `RTMIN+3` for 37. */
export function signalName(signal: number): string {
  return SIGNAL_NAMES[signal - 1] ?? (signal >= SIGRTMIN && signal <= 64 ? `RTMIN${signal === SIGRTMIN ? '' : `+${signal - SIGRTMIN}`}` : String(signal));
}

/** Number of `9`, `KILL`, `SIGKILL`, `RTMIN+3`, `SIGRTMAX-1`, in any case; null for no signal. */
export function signalNumber(text: string): number | null {
  const word = text.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(word)) return Number(word) >= 1 && Number(word) <= 64 ? Number(word) : null;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(word);
  if (realTime !== null) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const signal = (realTime[1] === 'MIN' ? SIGRTMIN : 64) + offset;
    return signal >= SIGRTMIN && signal <= 64 ? signal : null;
  }
  const at = SIGNAL_NAMES.indexOf(word === 'POLL' ? 'IO' : word === 'IOT' ? 'ABRT' : word === 'CLD' ? 'CHLD' : word);
  return at === -1 ? null : at + 1;
}

export function signalNames(): readonly string[] {
  return SIGNAL_NAMES.map((name) => `SIG${name}`);
}

export function exitStatusName(status: number): string | null {
  return EXIT_NAMES.get(status) ?? null;
}

/** Statuses of the C library and of the executor. What the others mean is for each program to say. */
function isNamedInStatus(status: number): boolean {
  return status < 2 || status >= 200;
}

/** Inside the parentheses of "Main PID:" and "Process:" lines. */
export function describeEnd(end: { readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number }): string {
  if (end.code !== 'exited') return `code=${end.code}, signal=${signalName(end.status)}`;
  const name = isNamedInStatus(end.status) ? exitStatusName(end.status) : null;
  return `code=exited, status=${end.status}${name === null ? '' : `/${name}`}`;
}

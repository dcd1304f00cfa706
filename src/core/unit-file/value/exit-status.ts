/** Exit statuses by name and number. Source: systemd.exec(5), "PROCESS EXIT CODES"; sysexits(3h). */
import { ok, problem, type Result } from '../../../base/result.ts';
import type { ExitStatusSet } from '../../unit/service.ts';
import type { Signal } from '../../../base/brand.ts';
import { parseUnsigned } from './number.ts';
import { parseSignal } from './signal.ts';

/** Names of exit statuses; those from 200 are set by the manager when it could not bring a command as far as execve(2). */
export const EXIT_STATUS_NAMES: ReadonlyMap<string, number> = new Map<string, number>([
  ['SUCCESS', 0], ['FAILURE', 1], ['INVALIDARGUMENT', 2], ['NOTIMPLEMENTED', 3], ['NOPERMISSION', 4], ['NOTINSTALLED', 5],
  ['NOTCONFIGURED', 6], ['NOTRUNNING', 7],
  ['USAGE', 64], ['DATAERR', 65], ['NOINPUT', 66], ['NOUSER', 67], ['NOHOST', 68], ['UNAVAILABLE', 69], ['SOFTWARE', 70],
  ['OSERR', 71], ['OSFILE', 72], ['CANTCREAT', 73], ['IOERR', 74], ['TEMPFAIL', 75], ['PROTOCOL', 76], ['NOPERM', 77], ['CONFIG', 78],
  ['CHDIR', 200], ['NICE', 201], ['FDS', 202], ['EXEC', 203], ['MEMORY', 204], ['LIMITS', 205], ['OOM_ADJUST', 206],
  ['SIGNAL_MASK', 207], ['STDIN', 208], ['STDOUT', 209], ['CHROOT', 210], ['IOPRIO', 211], ['TIMERSLACK', 212], ['SECUREBITS', 213],
  ['SETSCHEDULER', 214], ['CPUAFFINITY', 215], ['GROUP', 216], ['USER', 217], ['CAPABILITIES', 218], ['CGROUP', 219], ['SETSID', 220],
  ['CONFIRM', 221], ['STDERR', 222], ['PAM', 224], ['NETWORK', 225], ['NAMESPACE', 226], ['NO_NEW_PRIVILEGES', 227], ['SECCOMP', 228],
  ['SELINUX_CONTEXT', 229], ['PERSONALITY', 230], ['APPARMOR', 231], ['ADDRESS_FAMILIES', 232], ['RUNTIME_DIRECTORY', 233],
  ['CHOWN', 235], ['SMACK_PROCESS_LABEL', 236], ['KEYRING', 237], ['STATE_DIRECTORY', 238], ['CACHE_DIRECTORY', 239],
  ['LOGS_DIRECTORY', 240], ['CONFIGURATION_DIRECTORY', 241], ['NUMA_POLICY', 242], ['CREDENTIALS', 243], ['BPF', 244],
  ['EXCEPTION', 255],
]);

const NAMES_BY_STATUS: ReadonlyMap<number, string> = new Map([...EXIT_STATUS_NAMES].map(([name, status]) => [status, name]));

/** The name of an exit status, null when it has none. */
export function exitStatusName(status: number): string | null {
  return NAMES_BY_STATUS.get(status) ?? null;
}

/** One word of SuccessExitStatus= and its kin: a status by number or name, or a signal by name. */
function parseStatusOrSignal(word: string): Result<{ readonly code: number } | { readonly signal: Signal }> {
  const named = EXIT_STATUS_NAMES.get(word);
  if (named !== undefined) return ok({ code: named });
  const number = parseUnsigned(word);
  if (number.ok) return number.value <= 255 ? ok({ code: number.value }) : problem(`an exit status of ${word} does not exist`);
  const signal = parseSignal(word);
  return signal.ok ? ok({ signal: signal.value }) : problem(`'${word}' is neither an exit status nor a signal`);
}

export const NO_EXIT_STATUS: ExitStatusSet = { codes: [], signals: [] };

/** Adds words to a set; a wrong word is left out and named. */
export function addExitStatuses(set: ExitStatusSet, words: readonly string[]): { readonly set: ExitStatusSet; readonly problems: readonly string[] } {
  const codes = new Set(set.codes);
  const signals = new Set(set.signals);
  const problems: string[] = [];
  for (const word of words) {
    const parsed = parseStatusOrSignal(word);
    if (!parsed.ok) problems.push(parsed.problem);
    else if ('code' in parsed.value) codes.add(parsed.value.code);
    else signals.add(parsed.value.signal);
  }
  return { set: { codes: [...codes], signals: [...signals] }, problems };
}

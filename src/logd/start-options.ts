/** The command line of logd; see `protocol.ts` for the whole start contract. */
import type { Fd } from '../base/brand.ts';

export interface StartOptions {
  /** Best first. */
  readonly directories: readonly string[];
  readonly querySocket: string | null;
  readonly echoFd: Fd | null;
  /** Where a syslog daemon listens; null: at the usual place. */
  readonly syslogDaemon: string | null;
}

/** @returns the options, or a sentence about the first argument that is wrong */
export function parseStartOptions(argv: readonly string[]): StartOptions | string {
  const directories: string[] = [];
  let querySocket: string | null = null;
  let echoFd: Fd | null = null;
  let syslogDaemon: string | null = null;
  for (let at = 0; at < argv.length; at += 2) {
    const option = argv[at] ?? '';
    const value = argv[at + 1] ?? '';
    if (value === '') return `${option} needs a value`;
    switch (option) {
      case '--directory':
        directories.push(value);
        break;
      case '--query-socket':
        querySocket = value;
        break;
      case '--syslog-daemon':
        syslogDaemon = value;
        break;
      case '--echo-fd':
        if (!/^\d{1,6}$/.test(value)) return `--echo-fd ${value}: not a file descriptor`;
        echoFd = Number(value) as Fd;
        break;
      default:
        return `unknown option ${option}`;
    }
  }
  return { directories, querySocket, echoFd, syslogDaemon };
}

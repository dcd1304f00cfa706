/** The unit that a script of sema becomes. */
import { commandWord, plainValue } from '../unit-text.ts';

/** From TERM to KILL for what a script started, when the server ends. */
const STOP_SECONDS = 10;

export interface ScriptUnit {
  /** Absolute path of the script. */
  readonly path: string;
  /** Where it takes commands. */
  readonly socket: string;
  /** Whether the event "up" is set at first. */
  readonly up: boolean;
  /** Process id of the manager, whose standard output and error are the script's. */
  readonly managerPid: number;
}

const NAMED = 'X-SemaScript=';

export function scriptUnitText({ path, socket, up, managerPid }: ScriptUnit): string {
  const stream = (fd: number): string => `append:/proc/${String(managerPid)}/fd/${String(fd)}`;
  return `[Unit]
Description=${plainValue(path)}
DefaultDependencies=no
StartLimitIntervalSec=0
${NAMED}${JSON.stringify(path)}

[Service]
ExecScript=${commandWord(path)}
Environment=HEARTWOOD_SCRIPT_SOCKET=${plainValue(socket)} HEARTWOOD_SCRIPT_UP=${up ? 'yes' : 'no'}
UnsetEnvironment=INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID MANAGERPID
StandardInput=null
StandardOutput=${stream(1)}
StandardError=${stream(2)}
TimeoutStartSec=infinity
TimeoutStopSec=${String(STOP_SECONDS)}
IgnoreSIGPIPE=no
`;
}

/** The path of the script a unit was made of; null when it was made of none. */
export function scriptOfUnit(text: string): string | null {
  const line = text.split('\n').find((each) => each.startsWith(NAMED));
  return line === undefined ? null : JSON.parse(line.slice(NAMED.length)) as string;
}

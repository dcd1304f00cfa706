/**
 * `onconnect [-v] [-a IP] -p PORT CMD ARG…`: runs a command for each connection, which the command has as descriptor 3. The listening and
 * the accepting are those of a socket unit with Accept=yes.
 */
import { EmbeddedManager, FrontError, managerPlace } from '../embedded-manager.ts';
import { commandLine, commandWord, WITHOUT_ADDED_VARIABLES } from '../unit-text.ts';

const USAGE = 'usage: onconnect [-v] [-a IP] -p PORT CMD [ARG…]\n';
const STOP_SECONDS = 10;
/** More at a time wait to be accepted. */
const CONNECTIONS_MAX = 256;

interface Wishes {
  readonly verbose: boolean;
  readonly address: string;
  readonly port: number;
  readonly command: readonly string[];
}

/** @returns null when the words are wrong */
function readWishes(words: readonly string[]): Wishes | null {
  let verbose = false;
  let address = '0.0.0.0';
  let port = 0;
  const rest = [...words];
  while (rest[0]?.startsWith('-') === true) {
    const word = rest.shift() as string;
    if (word === '-v') verbose = true;
    else if (word.startsWith('-a')) address = word.slice(2) === '' ? (rest.shift() ?? '') : word.slice(2);
    else if (word.startsWith('-p')) port = Number(word.slice(2) === '' ? rest.shift() : word.slice(2));
    else return null;
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535 || !/^[0-9a-fA-F.:]+$/.test(address) || rest.length === 0) return null;
  return { verbose, address, port, command: rest };
}

function socketUnit({ address, port }: Wishes): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `[Unit]
Description=Connections
DefaultDependencies=no

[Socket]
ListenStream=${host}:${String(port)}
Accept=yes
MaxConnections=${String(CONNECTIONS_MAX)}
TriggerLimitIntervalSec=0
`;
}

/** Reports go where onconnect's own messages go: the manager has its standard error. */
function connectionUnit({ command, verbose }: Wishes, managerPid: number): string {
  const [program = '', ...words] = command;
  const stream = (fd: number): string => `append:/proc/${String(managerPid)}/fd/${String(fd)}`;
  const report = (text: string): string => commandLine('/bin/sh', ['sh', '-c', text]).replaceAll('$$', '$');
  const begun = `ExecStartPost=-${report('echo "onconnect: $MAINPID serves $REMOTE_ADDR:$REMOTE_PORT" >&2')}\n`;
  return `[Unit]
DefaultDependencies=no
StartLimitIntervalSec=0
CollectMode=inactive-or-failed

[Service]
ExecStart=${program.startsWith('/') ? commandLine(program, command) : [program, ...words].map(commandWord).join(' ')}
${verbose ? begun : ''}ExecStopPost=-${report('echo "onconnect: connection of $REMOTE_ADDR:$REMOTE_PORT $EXIT_CODE, status $EXIT_STATUS" >&2')}
StandardInput=null
StandardOutput=${stream(1)}
StandardError=${stream(2)}
KillMode=mixed
TimeoutStopSec=${String(STOP_SECONDS)}
IgnoreSIGPIPE=no
${WITHOUT_ADDED_VARIABLES}
`;
}

export async function onconnect(words: readonly string[]): Promise<number> {
  const wishes = readWishes(words);
  if (wishes === null) {
    process.stderr.write(USAGE);
    return 1;
  }
  try {
    const manager = await EmbeddedManager.open(managerPlace('onconnect', wishes.address, String(wishes.port)));
    await manager.setUnits(new Map([['on.socket', socketUnit(wishes)], ['on@.service', connectionUnit(wishes, manager.pid)]]));
    const failure = await manager.start('on.socket');
    if (failure !== null) {
      process.stderr.write(`onconnect: cannot listen at ${wishes.address} port ${String(wishes.port)}: ${failure}\n`);
      await manager.shutDown();
      return 1;
    }
    if (wishes.verbose) process.stderr.write(`onconnect: listening at ${wishes.address} port ${String(wishes.port)}\n`);
    return await new Promise<number>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) process.once(signal, () => { void manager.shutDown().then(() => { resolve(0); }); });
      manager.onLost = () => { resolve(1); };
    });
  } catch (error) {
    if (!(error instanceof FrontError)) throw error;
    process.stderr.write(`onconnect: ${error.message}\n`);
    return 1;
  }
}

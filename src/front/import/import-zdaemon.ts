/** `initctl import zdaemon FILE`: the program becomes a service whose restarts wait longer and longer, as zdaemon's do. */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { commandLine, commandWord, plainValue, unitNamePart } from '../unit-text.ts';
import { parseConfiguration, readYesNo, splitList, type Configuration, type RunnerKey } from '../zdaemon/configuration.ts';
import { SyntaxProblem } from '../zdaemon/sectioned-text.ts';
import { ImportError, INSTALL_SECTION, type Imported, type ImportFormat, type ImportRemark } from './import-format.ts';

export const ZDAEMON_FORMAT: ImportFormat = { takes: 'a configuration of zdaemon', read };

const DEFAULT_BACKOFF = 10;
/** What has no meaning without the command. */
const OF_THE_COMMAND: readonly RunnerKey[] = ['socket-name', 'prompt', 'logfile', 'default-to-interactive', 'hang-around', 'python', 'zdrun', 'schema'];

function read(path: string): Imported {
  let configuration: Configuration;
  try {
    configuration = parseConfiguration(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ImportError(path, error instanceof SyntaxProblem ? error.line : null, (error as Error).message);
  }
  const { runner, environment, eventLog } = configuration;
  const words = (key: RunnerKey): readonly string[] => (runner.get(key) ?? '').split(/\s+/).filter((word) => word !== '');
  const program = words('program');
  const [command] = program;
  if (command === undefined) throw new ImportError(path, null, 'there is no program in it');
  const remarks: ImportRemark[] = [];
  const remark = (text: string): void => { remarks.push({ file: path, line: null, text }); };
  const limit = Number(runner.get('backoff-limit') ?? DEFAULT_BACKOFF);
  const forever = readYesNo(runner.get('forever') ?? '') === true;
  const transcript = runner.get('transcript');
  const test = words('start-test-program');
  const exitCodes = splitList(runner.get('exit-codes') ?? '0,2');
  const from = (name: string): string => plainValue(resolve(dirname(path), name));
  const lines = [
    '[Unit]', `Description=${plainValue(program.join(' '))}`,
    'StartLimitIntervalSec=0',
    '', '[Service]', `ExecStart=${commandLine(command.includes('/') ? resolve(dirname(path), command) : command, program)}`,
    ...(test.length === 0 ? [] : [`ExecStartPost=${commandLine('/bin/sh', ['sh', '-c', 'until "$@" > /dev/null 2>&1; do sleep 1; done', 'sh', ...test])}`]),
    'Restart=always', 'RestartSec=1', 'RestartStepSec=1', `RestartMaxDelaySec=${String(limit)}`, `RestartResetSec=${String(limit)}`, ...(forever ? [] : [`RestartLimit=${String(limit)}`]),
    ...(exitCodes.length === 0 ? [] : [`RestartPreventExitStatus=${exitCodes.join(' ')}`]),
    'KillMode=process', `TimeoutStartSec=${runner.get('start-timeout') ?? '300'}`, `TimeoutStopSec=${runner.get('stop-timeout') ?? '300'}`,
    `UMask=${(runner.get('umask') ?? '022').padStart(4, '0')}`,
    ...(runner.has('directory') ? [`WorkingDirectory=${from(runner.get('directory') ?? '')}`] : []),
    ...(runner.has('user') ? [`User=${plainValue(runner.get('user') ?? '')}`] : []),
    transcript === undefined ? 'StandardOutput=null' : `StandardOutput=append:${from(transcript)}`, 'StandardError=inherit',
    ...[...environment].map(([name, value]) => `Environment=${commandWord(`${name}=${value}`).replaceAll('$$', '$')}`),
  ];
  if (transcript !== undefined) remark('a transcript that is renamed is opened anew by a restart; initctl log-copy reopens its files on SIGHUP');
  if (eventLog !== null) remark('the event log is not carried over: initctl log shows what the manager says of the service');
  const lost = OF_THE_COMMAND.filter((key) => runner.has(key));
  if (lost.length > 0) remark(`not carried over, being about the command zdaemon: ${lost.join(', ')}`);
  if (readYesNo(runner.get('daemon') ?? '') === false) remark('daemon off is not carried over: for a command in the foreground there is heartwood -- CMD');
  return { units: [{ name: `${unitNamePart(basename(command))}.service`, text: `${lines.join('\n')}\n${INSTALL_SECTION}`, starts: true }], remarks };
}

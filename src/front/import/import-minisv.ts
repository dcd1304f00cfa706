/** `initctl import minisv FILE`: each task becomes a service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationProblem, parseConfiguration, type Configuration, type TaskDefinition } from '../minisv/configuration.ts';
import { commandLine, plainValue, unitNamePart } from '../unit-text.ts';
import { ImportError, INSTALL_SECTION, type Imported, type ImportFormat, type ImportRemark } from './import-format.ts';

export const MINISV_FORMAT: ImportFormat = { takes: 'a configuration of minisv, JSON', read };

/** Zero would mean never. */
const SHORTEST_WAIT = '1ms';
const SHORTEST_PAUSE = '100ms';

function read(path: string): Imported {
  let configuration: Configuration;
  try {
    configuration = parseConfiguration(readFileSync(path, 'utf8'));
  } catch (error) {
    const message = (error as Error).message;
    const line = error instanceof ConfigurationProblem ? /^line (\d+): /.exec(message)?.[1] : undefined;
    throw new ImportError(path, line === undefined ? null : Number(line), message.replace(/^line \d+: /, ''));
  }
  const { tasks, http, graylog, logSuffixDate, logDate, logReopenMsec } = configuration;
  const remarks: ImportRemark[] = [];
  const remark = (text: string): void => { remarks.push({ file: path, line: null, text }); };
  const units = [...tasks].map(([name, task]) => {
    return { name: `${unitNamePart(name)}.service`, text: serviceText(name, task, configuration), starts: !task.oneTime };
  });
  if (logSuffixDate !== null || logDate !== null || logReopenMsec !== null) remark('dates in names and lines of logs are not carried over: initctl log-copy --to=file:… --layout=go:… writes such files');
  if (graylog !== null) remark(`graylog is not carried over: initctl log-copy --follow --to=gelf:${graylog.host}:${String(graylog.port)}`);
  if (http.port !== 0) remark('http is not carried over: heartwood-gateway.socket serves the manager over HTTP, see docs/gateway.md');
  return { units, remarks };
}

function serviceText(name: string, task: TaskDefinition, { logDir, logFilePrefix, limits }: Configuration): string {
  const { command, args, workdir, wait, restartPause, startTime, oneTime } = task;
  const lines = [
    '[Unit]', `Description=${plainValue(name)}`, ...(oneTime ? [] : ['StartLimitIntervalSec=0']),
    '', '[Service]', ...(oneTime ? ['Type=oneshot'] : ['Restart=always', `RestartSec=${restartPause === 0 ? SHORTEST_PAUSE : String(restartPause)}`, 'RestartOverlap=yes', `RestartOverlapSec=${String(startTime)}`]),
    `ExecStart=${commandLine(command, [command, ...args])}`, ...(workdir === null ? [] : [`WorkingDirectory=${plainValue(workdir)}`]),
    'KillMode=mixed', `TimeoutStopSec=${wait === 0 ? SHORTEST_WAIT : String(wait)}`,
    ...(logDir === null ? [] : [`StandardOutput=append:${plainValue(join(logDir, `${logFilePrefix}${name}.log`))}`, 'StandardError=inherit']),
    ...limits.map((limit) => `Limit${limit.name}=${String(limit.cur)}:${String(limit.max)}`),
  ];
  return `${lines.join('\n')}\n${oneTime ? '' : INSTALL_SECTION}`;
}

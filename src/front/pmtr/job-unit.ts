/** The unit that a job of pmtr becomes. */
import { commandLine, commandWord, plainValue, unitNamePart, WITHOUT_ADDED_VARIABLES } from '../unit-text.ts';
import type { Job } from './config.ts';

/** A job that ends sooner is started again only after this long; the same number of seconds counts as soon. */
export const QUICK_END_SECONDS = 10;
/** With this status a job asks not to be started again. */
export const STAY_DOWN_STATUS = 33;
/** From TERM to KILL. */
const STOP_SECONDS = 10;

export function jobUnitName(job: Pick<Job, 'name'>): string {
  return `${unitNamePart(job.name)}.service`;
}

function stream(path: string): string {
  if (path === 'syslog') return 'journal';
  return path === '/dev/null' ? 'null' : `append:${plainValue(path)}`;
}

/** A quick end is followed by a pause, a longer life by none. */
export function jobUnitText(job: Job): string {
  const lines = [
    '[Unit]', `Description=${plainValue(job.name)}`, 'DefaultDependencies=no', 'StartLimitIntervalSec=0',
    '[Service]', `ExecStart=${commandLine(job.cmd[0] as string, job.cmd)}`, `WorkingDirectory=${plainValue(job.dir)}`,
    `Restart=${job.once ? 'no' : 'always'}`, `RestartSec=${String(QUICK_END_SECONDS)}`, `RestartResetSec=${String(QUICK_END_SECONDS)}`, 'RestartStableDelaySec=0',
    ...(job.bounceSeconds > 0 ? [`RestartEverySec=${String(job.bounceSeconds)}`] : []), `RestartPreventExitStatus=${String(STAY_DOWN_STATUS)}`,
    'KillMode=mixed', 'UMask=0000', `TimeoutStopSec=${String(STOP_SECONDS)}`, 'IgnoreSIGPIPE=no',
    `StandardInput=${job.in === '/dev/null' ? 'null' : `file:${plainValue(job.in)}`}`, `StandardOutput=${stream(job.out)}`, `StandardError=${stream(job.err)}`,
    WITHOUT_ADDED_VARIABLES,
    ...job.env.map((assignment) => `Environment=${commandWord(assignment).replaceAll('$$', '$')}`),
    ...(job.user === null ? [] : [`User=${plainValue(job.user)}`]),
    ...(job.nice === null ? [] : [`Nice=${String(job.nice)}`]),
    ...(job.cpus.length === 0 ? [] : [`CPUAffinity=${job.cpus.join(' ')}`]),
    ...job.limits.map(([name, value]) => `Limit${name}=${value}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `initctl import pmtr FILE`: each job becomes the service that `pmtr` itself would make of it, and what pmtr does around it. */
import { readFileSync } from 'node:fs';
import { plainValue } from '../unit-text.ts';
import { parseConfig, type Job } from '../pmtr/config.ts';
import { jobUnitName, jobUnitText } from '../pmtr/job-unit.ts';
import { ImportError, INSTALL_SECTION, type Imported, type ImportedUnit, type ImportFormat, type ImportRemark } from './import-format.ts';

export const PMTR_FORMAT: ImportFormat = { takes: 'a pmtr.conf', read };

function read(path: string): Imported {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ImportError(path, null, (error as Error).message);
  }
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new ImportError(path, parsed.line, parsed.message);
  const units: ImportedUnit[] = [];
  const remarks: ImportRemark[] = [];
  const waitedFor: string[] = [];
  for (const job of parsed.config.jobs) {
    const remark = (about: string): void => { remarks.push({ file: path, line: job.line, text: `job ${job.name}: ${about}` }); };
    units.push({ name: jobUnitName(job), text: serviceText(job, waitedFor), starts: !job.disable });
    units.push(...unitsForFiles(job));
    if (!job.once) remark('it is started again ten seconds after each end, also after a long life, for which pmtr does not wait (RestartSec=)');
    if (job.wait && job.once) waitedFor.push(jobUnitName(job));
    else if (job.wait) remark('later jobs do not wait for its end: a service that is started again never ends (say once, too)');
  }
  text.split('\n').forEach((line, i) => {
    const [, what = ''] = /^\s*(report\s+to|listen\s+on)\s/.exec(line) ?? [];
    if (what !== '') remarks.push({ file: path, line: i + 1, text: `"${what}" is not carried over: ask and steer with initctl, or over HTTP with heartwood-gateway.service` });
  });
  return { units, remarks };
}

function serviceText(job: Job, waitedFor: readonly string[]): string {
  const conditions = job.depends.map((file) => `ConditionPathExists=${plainValue(file)}`);
  const unit = [...(waitedFor.length === 0 ? [] : [`After=${waitedFor.join(' ')}`]), ...conditions];
  const service = [
    // Later jobs wait for the end of a oneshot.
    ...(job.wait && job.once ? ['Type=oneshot', 'RemainAfterExit=yes'] : []),
    ...(job.bounceSeconds > 0 ? [`RuntimeMaxSec=${String(job.bounceSeconds)}`] : []),
  ];
  const more = (section: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n[${section}]\n${lines.join('\n')}\n`);
  return `${jobUnitText(job)}${more('Unit', unit)}${more('Service', service)}${INSTALL_SECTION}`;
}

/** A change of a file that a job depends on restarts the job. */
function unitsForFiles(job: Job): readonly ImportedUnit[] {
  if (job.depends.length === 0) return [];
  const service = jobUnitName(job);
  const stem = service.replace(/\.service$/, '');
  const watched = job.depends.map((file) => `PathChanged=${plainValue(file)}\n`).join('');
  return [
    { name: `${stem}-changed.path`, starts: !job.disable, text: `[Unit]\nDescription=Files that ${plainValue(job.name)} depends on\n\n[Path]\n${watched}${INSTALL_SECTION}` },
    { name: `${stem}-changed.service`, starts: false, text: `[Unit]\nDescription=Restart of ${plainValue(job.name)} after a change\n\n[Service]\nType=oneshot\nExecStart=initctl restart ${service}\n` },
  ];
}

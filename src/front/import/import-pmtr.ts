/** `initctl import pmtr FILE`: each job becomes the service that `pmtr` itself would make of it, and what pmtr does around it. */
import { readFileSync } from 'node:fs';
import { commandWord, plainValue } from '../unit-text.ts';
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
    ...job.depends.map((file) => `RestartOnChange=${commandWord(file).replaceAll('$$', '$')}`),
  ];
  const more = (section: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n[${section}]\n${lines.join('\n')}\n`);
  return `${jobUnitText(job)}${more('Unit', unit)}${more('Service', service)}${INSTALL_SECTION}`;
}

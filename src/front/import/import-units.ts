/**
 * `initctl import FORMAT FILE…`: writes the units that mean the same as files of another manager, and tells what could not be carried over.
 * Nothing is written when a file cannot be understood or when a different unit of the same name is in the way.
 *
 * @see import-formats.ts for the formats
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { IMPORT_FORMATS } from './import-formats.ts';
import { ImportError, placeOf, type Imported, type ImportedUnit, type ImportRemark } from './import-format.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const FILE_MODE = 0o644;

/** As initctl hands it over. */
interface Wishes {
  readonly format: string;
  readonly files: readonly string[];
  /** Where units are written. */
  readonly directory: string;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

function readWishes(words: readonly string[]): Wishes {
  const option = (name: string): string | null => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? null;
  const end = words.indexOf('--');
  const [format = '', ...files] = words.slice(end + 1);
  const flags = words.slice(0, end);
  return {
    format, files, directory: resolve(option('units') ?? defaultDirectory(flags.includes('--user'))),
    dryRun: flags.includes('--dry-run'), force: flags.includes('--force'), json: flags.includes('--json'),
  };
}

/** Where the administrator's own units are. */
function defaultDirectory(user: boolean): string {
  if (!user) return '/etc/heartwood/system';
  const home = process.env['HOME'] ?? '/';
  return join(process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'heartwood/user');
}

type Change = 'written' | 'unchanged' | 'to be written' | 'in the way';

export function importUnits(words: readonly string[]): Promise<number> {
  return Promise.resolve(run(readWishes(words)));
}

function run(wishes: Wishes): number {
  const format = IMPORT_FORMATS[wishes.format];
  if (format === undefined || wishes.files.length === 0) {
    const known = Object.entries(IMPORT_FORMATS).map(([name, { takes }]) => `  ${name.padEnd(12)} ${takes}\n`).join('');
    process.stderr.write(`initctl import FORMAT FILE…\n\nFormats and what FILE is:\n${known}`);
    return EXIT_USAGE;
  }
  let imported: Imported;
  try {
    const parts = wishes.files.map((file) => format.read(resolve(file)));
    imported = { units: parts.flatMap(({ units }) => units), remarks: parts.flatMap(({ remarks }) => remarks) };
    refuseDoubles(imported.units, wishes.files);
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    process.stderr.write(`${placeOf(error)}: ${error.message}\nNothing was imported.\n`);
    return EXIT_FAILED;
  }
  const changes = imported.units.map((unit) => ({ unit, change: changeFor(unit, wishes) }));
  const inTheWay = changes.filter(({ change }) => change === 'in the way');
  if (inTheWay.length === 0 && !wishes.dryRun) write(changes.filter(({ change }) => change === 'written').map(({ unit }) => unit), wishes.directory);
  if (wishes.json) process.stdout.write(`${JSON.stringify(report(changes, imported.remarks, wishes))}\n`);
  else tell(changes, imported.remarks, wishes);
  if (inTheWay.length === 0) return 0;
  process.stderr.write(`Nothing was written: ${inTheWay.map(({ unit }) => join(wishes.directory, unit.name)).join(', ')} is there and says something else (--force replaces it).\n`);
  return EXIT_FAILED;
}

function refuseDoubles(units: readonly ImportedUnit[], files: readonly string[]): void {
  const names = units.map(({ name }) => name);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) throw new ImportError(files.join(', '), null, `two of them would become ${double}: import them apart, into different directories (--units=)`);
}

function changeFor(unit: ImportedUnit, { directory, dryRun, force }: Wishes): Change {
  let before: string | null = null;
  try {
    before = readFileSync(join(directory, unit.name), 'utf8');
  } catch {
    // There is none.
  }
  if (before === unit.text) return 'unchanged';
  if (before !== null && !force) return 'in the way';
  return dryRun ? 'to be written' : 'written';
}

function write(units: readonly ImportedUnit[], directory: string): void {
  mkdirSync(directory, { recursive: true });
  for (const { name, text } of units) writeFileSync(join(directory, name), text, { mode: FILE_MODE });
}

type Changes = readonly { readonly unit: ImportedUnit; readonly change: Change }[];

/** What `--json` prints: docs/json.md. */
function report(changes: Changes, remarks: readonly ImportRemark[], { format, directory }: Wishes): object {
  return { format, directory, units: changes.map(({ unit: { name, starts, text }, change }) => ({ name, change, starts, text })), remarks };
}

function tell(changes: Changes, remarks: readonly ImportRemark[], { directory, dryRun }: Wishes): void {
  for (const { unit, change } of changes) {
    process.stdout.write(`${join(directory, unit.name)}: ${change}\n`);
    if (dryRun) process.stdout.write(unit.text.replace(/^(?=.)/gm, '    '));
  }
  for (const remark of remarks) process.stdout.write(`${placeOf(remark)}: ${remark.text}\n`);
  const starting = changes.filter(({ unit }) => unit.starts).map(({ unit }) => unit.name);
  if (starting.length > 0 && !dryRun) process.stdout.write(`To start them with the machine: initctl enable ${starting.join(' ')}\n`);
}

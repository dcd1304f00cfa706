/**
 * Generators that are functions of the manager: /etc/fstab and init scripts. They stand where systemd's of the same names stand; a program
 * or a mask of that name in a more important directory takes their place.
 */
import { existsSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { generateFromFstab } from '../../core/generator/fstab.ts';
import { generateFromScripts, type InitScript, type RunlevelLink } from '../../core/generator/sysv.ts';
import type { GeneratedFile } from '../../core/generator/generated-file.ts';
import { isSysReadOnly } from '../storage/has-devices.ts';
import { writeGenerated, type OutputDirectories } from './write-generated.ts';
import { isProgram } from './is-program.ts';

export interface OwnGeneratorOptions {
  readonly isContainer: boolean;
  readonly mayMount: boolean;
  /** The load path; generated units in it are passed over. */
  readonly unitPath: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Writes units, and returns what there is to complain about. */
export type OwnGenerator = (options: OwnGeneratorOptions, output: OutputDirectories) => readonly string[];

/** Larger ones are no configuration. */
const FILE_BYTES_MAX = 1 << 20;

function readText(path: string): string | null {
  try {
    return statSync(path).size > FILE_BYTES_MAX ? null : readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** Where the file of a unit is that nobody generated. */
function unitFileIn({ unitPath }: OwnGeneratorOptions, output: OutputDirectories): (name: string) => string | null {
  const generated = new Set([output.normal, output.early, output.late]);
  const directories = unitPath.filter((directory) => !generated.has(directory)).map((directory) => [directory, new Set(namesIn(directory))] as const);
  return (name) => {
    const directory = directories.find(([, names]) => names.has(name))?.[0];
    return directory === undefined ? null : `${directory}/${name}`;
  };
}

function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What does not exist yet is made; what is above it may be a link.
    const parent = dirname(path);
    return parent === path ? path : resolve(followLinks(parent), path.slice(parent === '/' ? 1 : parent.length + 1));
  }
}

const fromFstab: OwnGenerator = (options, output) => {
  const { environment } = options;
  const file = environment['SYSTEMD_FSTAB'] ?? '/etc/fstab';
  const text = readText(file);
  if (text === null || isSwitchedOff('fstab')) return [];
  const unitFile = unitFileIn(options, output);
  const hasDevices = !isSysReadOnly();
  const { files, complaints } = generateFromFstab(text, {
    file, unitFile, hasDevices,
    isContainer: options.isContainer,
    hasUdev: hasDevices && unitFile('systemd-udevd.service') !== null,
    hasFsck: (type) => type === 'auto' || ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].some((directory) => existsSync(`${directory}/fsck.${type}`)),
    resolveLinks: followLinks,
  });
  if (!options.mayMount) return files.length === 0 ? [] : [`${file} is passed over: this manager may not mount anything`];
  return [...complaints, ...writeGenerated(output.normal, files)];
};

/** `fstab=no` on the kernel's command line. */
function isSwitchedOff(name: string): boolean {
  return (readText('/proc/cmdline') ?? '').split(/\s+/).some((word) => word === `${name}=no` || word === `${name}=0`);
}

const RUNLEVELS = ['2', '3', '4', '5'];

const fromInitScripts: OwnGenerator = (options, output) => {
  const { environment } = options;
  const directory = environment['SYSTEMD_SYSVINIT_PATH'] ?? '/etc/init.d';
  const rcRoot = environment['SYSTEMD_SYSVRCND_PATH'] ?? '/etc';
  const unitFile = unitFileIn(options, output);
  const hasUnitFile = (name: string): boolean => unitFile(name) !== null;
  const scripts = namesIn(directory).flatMap((name): readonly InitScript[] => {
    const path = `${directory}/${name}`;
    // Most have a unit file, and are not even read.
    if (hasUnitFile(`${name.replace(/\.sh$/, '')}.service`) || !isProgram(path)) return [];
    const text = readText(path);
    return text === null ? [] : [{ path, text }];
  });
  if (scripts.length === 0) return [];
  const links = RUNLEVELS.flatMap((runlevel) => {
    const from = `${rcRoot}/rc${runlevel}.d`;
    return namesIn(from).flatMap((name): readonly RunlevelLink[] => {
      const [, priority, ofName] = /^S([0-9][0-9])(.+)$/.exec(name) ?? [];
      if (priority === undefined) return [];
      const leadsTo = linkTarget(`${from}/${name}`);
      return [{ runlevel, priority: Number(priority), script: leadsTo === null ? `${directory}/${ofName ?? ''}` : resolve(from, leadsTo) }];
    });
  });
  const { files } = generateFromScripts({ scripts, links, hasUnitFile });
  return writeGenerated(output.late, files satisfies readonly GeneratedFile[]);
};

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** By the names of systemd's programs for the same. */
export const OWN_GENERATORS: ReadonlyMap<string, OwnGenerator> = new Map([
  ['systemd-fstab-generator', fromFstab],
  ['systemd-sysv-generator', fromInitScripts],
]);

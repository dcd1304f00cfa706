/**
 * `update-service --add|--remove DIR [NAME]`, `--list|--check [NAME]`: links service directories into the scan directory, which is $SVDIR or
 * /etc/service. Source: update-service(8) of Debian.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FrontError } from '../embedded-manager.ts';

const DEFAULT_DIRECTORY = '/etc/service';
const USAGE = `Usage: update-service --add|--remove <service-directory> [<service-name>]
       update-service --list|--check [<service-name>]

`;

const OPTIONS: Readonly<Record<string, 'add' | 'remove' | 'list' | 'check'>> = {
  '-a': 'add', '--add': 'add', '-r': 'remove', '--remove': 'remove', '-l': 'list', '--list': 'list', '-c': 'check', '--check': 'check',
};

export function updateService(words: readonly string[]): Promise<number> {
  const [option = '', operand = '', given] = words;
  const directory = (process.env['SVDIR'] ?? '') === '' ? DEFAULT_DIRECTORY : process.env['SVDIR'] as string;
  try {
    return Promise.resolve(obey(OPTIONS[option] ?? 'usage', directory, operand.replace(/(?<=.)\/$/, ''), given));
  } catch (error) {
    if (!(error instanceof FrontError)) throw error;
    process.stderr.write(`update-service: fatal: ${error.message}\n\n`);
    return Promise.resolve(1);
  }
}

function obey(what: 'add' | 'remove' | 'list' | 'check' | 'usage', directory: string, operand: string, given: string | undefined): number {
  switch (what) {
    case 'list': return list(directory, operand, process);
    case 'check': return list(directory, operand, null);
    case 'add':
    case 'remove': {
      if (operand === '') break;
      const name = readName(operand, given);
      return what === 'add' ? add(directory, operand, name) : remove(directory, operand, name);
    }
    case 'usage':
      break;
  }
  process.stderr.write(USAGE);
  return 1;
}

/** @throws FrontError when the words name no service */
function readName(service: string, given: string | undefined): string {
  if (statSync(service, { throwIfNoEntry: false })?.isDirectory() !== true) throw new FrontError(`${service} does not exist, or is not a directory.`);
  if (!service.startsWith('/')) throw new FrontError('The <service-directory> must start with a slash.');
  const name = given ?? basename(service);
  if (name.startsWith('.')) throw new FrontError('The <service-name> must not start with a dot.');
  if (name.includes('/')) throw new FrontError('The <service-name> must not contain a slash.');
  return name;
}

/** Where a link leads; null when there is none, '' when something else is there. */
function linkAt(path: string): string | null {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return null;
  return status.isSymbolicLink() ? readlinkSync(path).replace(/(?<=.)\/$/, '') : '';
}

function add(directory: string, service: string, name: string): number {
  const path = join(directory, name);
  const leads = linkAt(path);
  if (leads === '') throw new FrontError(`${path} exists, but is not a symbolic link.`);
  if (leads !== null && leads !== service) throw new FrontError(`${path} exists, but doesn't point to ${service}.`);
  if (leads === null) attempt(() => { symlinkSync(service, path); });
  process.stdout.write(leads === null ? `Service ${name} added.\n` : `Service ${name} already added.\n`);
  return 0;
}

function remove(directory: string, service: string, name: string): number {
  const path = join(directory, name);
  const leads = linkAt(path);
  if (leads === null) process.stderr.write(`update-service: warning: ${path} does not exist.\n\n`);
  if (leads === null) return 1;
  if (leads === '') throw new FrontError(`${path} is not a symbolic link.`);
  if (leads !== service) throw new FrontError(`${path} does not point to ${service}.`);
  attempt(() => { rmSync(path); });
  const parts = [service, ...(statSync(join(service, 'log'), { throwIfNoEntry: false }) === undefined ? [] : [join(service, 'log')])];
  spawnSync(join(import.meta.dirname, 'native/daemontools'), ['svc', '-dx', ...parts], { stdio: 'ignore' });
  process.stdout.write(`Service ${name} removed, the service daemon received the TERM and CONT signals.\n`);
  return 0;
}

function list(directory: string, name: string, to: { readonly stdout: NodeJS.WritableStream; readonly stderr: NodeJS.WritableStream } | null): number {
  let names: readonly string[];
  try {
    names = name === '' ? readdirSync(directory).filter((each) => !each.startsWith('.')).sort() : [];
  } catch (error) {
    to?.stderr.write(`update-service: fatal: ${(error as Error).message}\n\n`);
    return 1;
  }
  if (name === '') {
    to?.stdout.write(names.map((each) => `${each}\n`).join(''));
    return 0;
  }
  const leads = linkAt(join(directory, name)) ?? '';
  if (leads === '') to?.stderr.write(`Service ${name} not registered.\n\n`);
  else to?.stdout.write(`${name} -> ${leads}\n`);
  return leads === '' ? 1 : 0;
}

/** @throws FrontError with what the system said */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new FrontError((error as Error).message);
  }
}

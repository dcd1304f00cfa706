/**
 * What the guest has from Debian packages: its kernel, its shell, whole daemons. The packages need not be installed; apt fetches and
 * checks them from the machine's own sources, and nothing is unpacked outside the cache.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { runProgram } from './run-program.ts';
import { VmError } from './vm-error.ts';

/** Built for virtual machines: a quarter of the usual kernel's size, with the serial port and the initramfs decompressors inside. */
const KERNEL_PACKAGE = 'linux-image-cloud-amd64';
const KERNEL_FILE = /^vmlinuz-.*-cloud-amd64$/;
const BUSYBOX_PACKAGE = 'busybox-static';
const BUSYBOX_FILE = '/bin/busybox';

/**
 * @param say told once, before something slow
 * @returns the path of a bootable kernel: the newest installed cloud kernel, else the one of the package
 */
export function kernelImage(say: (line: string) => void): string {
  const installed = installedKernel();
  if (installed !== null) return installed;
  return cached('kernel', (workDirectory) => {
    say(`fetching the Debian package ${KERNEL_PACKAGE} (26 MB)`);
    // An empty package that depends on the one with today's version in its name.
    const versioned = dependencyOf(KERNEL_PACKAGE, /^linux-image-\d.*-cloud-amd64$/);
    const version = versioned.slice('linux-image-'.length);
    return extractFromPackage(versioned, `boot/vmlinuz-${version}`, workDirectory, KERNEL_PACKAGE);
  });
}

/** @returns the path of a static busybox, the guest's shell and its small tools */
export function staticBusybox(say: (line: string) => void): string {
  if (isInstalled(BUSYBOX_PACKAGE) && existsSync(BUSYBOX_FILE)) return BUSYBOX_FILE;
  return cached('busybox', (workDirectory) => {
    say(`fetching the Debian package ${BUSYBOX_PACKAGE}`);
    return extractFromPackage(BUSYBOX_PACKAGE, BUSYBOX_FILE.slice(1), workDirectory, BUSYBOX_PACKAGE);
  });
}

/**
 * A daemon's package and what it needs to run that the guest has not: packages of the same source's name, and shared libraries with
 * those that they need themselves. The C library is the image's own.
 *
 * @param say told once a package, before it is fetched
 * @returns the path of each package's archive of files (tar)
 */
export function packageArchives(daemon: string, say: (line: string) => void): readonly string[] {
  const isNeeded = new RegExp(`^(${daemon}-.*|zlib1g|lib(?!c6$|gcc-).*)$`);
  const names = [daemon];
  for (const name of names) names.push(...dependenciesOf(name).filter((each) => isNeeded.test(each) && !names.includes(each)));
  return names.map((name) => cached(join('packages', `${name}.tar`), (workDirectory) => {
    say(`fetching the Debian package ${name}`);
    const members = join(workDirectory, 'members');
    writeFileSync(members, downloadMembers(name, workDirectory, daemon));
    return members;
  }));
}

function installedKernel(): string | null {
  if (!existsSync('/boot')) return null;
  const byVersion = new Intl.Collator('en', { numeric: true });
  const names = readdirSync('/boot').filter((name) => KERNEL_FILE.test(name)).sort((a, b) => byVersion.compare(a, b));
  const newest = names.at(-1);
  return newest === undefined ? null : join('/boot', newest);
}

function isInstalled(debianPackage: string): boolean {
  try {
    return runProgram('dpkg-query', ['--show', '--showformat', '${db:Status-Status}', debianPackage]).toString() === 'installed';
  } catch (error) {
    if (error instanceof VmError) return false;
    throw error;
  }
}

function dependencyOf(debianPackage: string, wanted: RegExp): string {
  const name = dependenciesOf(debianPackage).find((word) => wanted.test(word));
  if (name === undefined) throw unavailable(debianPackage, 'apt knows no such package');
  return name;
}

/** @returns each package once that this one cannot do without, in apt's order */
function dependenciesOf(debianPackage: string): readonly string[] {
  const text = apt('apt-cache', ['depends', '--important', debianPackage], debianPackage).toString();
  return [...new Set([...text.matchAll(/^ [ |](?:Pre)?Depends: (\S+)$/gm)].flatMap((match) => match[1] ?? []))];
}

function extractFromPackage(debianPackage: string, path: string, workDirectory: string, installable: string): string {
  const members = downloadMembers(debianPackage, workDirectory, installable);
  const extracted = join(workDirectory, 'extracted');
  writeFileSync(extracted, runProgram('tar', ['-xO', `./${path}`], { input: members, debianPackage: 'tar' }), { mode: 0o755 });
  return extracted;
}

/** @returns the package's files as a tar archive; the directory keeps the package itself */
function downloadMembers(debianPackage: string, workDirectory: string, installable: string): Buffer {
  // The sandbox user of apt cannot write into a private directory, and there is nothing here to protect from apt.
  apt('apt-get', ['-o', 'APT::Sandbox::User=root', '--quiet', 'download', debianPackage], installable, workDirectory);
  const archive = readdirSync(workDirectory).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw unavailable(installable, 'apt-get download left no file');
  return runProgram('dpkg-deb', ['--fsys-tarfile', archive], { cwd: workDirectory, debianPackage: 'dpkg' });
}

function apt(program: string, args: readonly string[], installable: string, cwd = '/'): Buffer {
  try {
    return runProgram(program, args, { cwd });
  } catch (error) {
    if (error instanceof VmError) throw unavailable(installable, error.message);
    throw error;
  }
}

function unavailable(debianPackage: string, why: string): VmError {
  return new VmError(`${why}\nmissing ${debianPackage}: sudo apt-get update && sudo apt-get install ${debianPackage}`);
}

/** Conditions about paths: systemd.unit(5), ConditionPathExists= and its kin. */
import type { ConditionHost } from './condition-host.ts';
import { expandGlob } from '../watching/shell-pattern.ts';

/** True, false, or a sentence why it could not be told. */
export type Verdict = boolean | string;
export type ConditionTest = (host: ConditionHost, parameter: string) => Verdict;

const EXECUTABLE_BITS = 0o111;

function isMountPoint(host: ConditionHost, path: string): boolean {
  const here = host.facts(path);
  const above = host.facts(`${path}/..`);
  if (here === null) return false;
  if (path === '/') return true;
  // Bind mounts within one file system have its device number; the table of mounts knows them.
  if (above !== null && here.isDirectory && (here.device !== above.device || here.inode === above.inode)) return true;
  const normal = path.replace(/\/+$/, '');
  return (host.readText('/proc/self/mountinfo') ?? '').split('\n').some((line) => line.split(' ')[4] === normal);
}

/** Is the block device below the path, or one below that, a dm-crypt one? */
function isEncrypted(host: ConditionHost, path: string): Verdict {
  const facts = host.facts(path);
  if (facts === null) return false;
  const major = Math.floor(facts.device / 256) & 0xfff;
  const minor = (facts.device & 0xff) | (Math.floor(facts.device / 4096) & 0xfff00);
  const isCrypt = (directory: string, depth: number): boolean => {
    if ((host.readText(`${directory}/dm/uuid`) ?? '').startsWith('CRYPT-')) return true;
    return depth < 8 && (host.list(`${directory}/slaves`) ?? []).some((name) => isCrypt(`${directory}/slaves/${name}`, depth + 1));
  };
  return isCrypt(`/sys/dev/block/${String(major)}:${String(minor)}`, 0);
}

/** What editors, package managers and quota tools leave beside the files that were meant; a directory with nothing else is empty. */
function isHidden(name: string): boolean {
  return /^\.|~$|^(?:lost\+found|aquota\.(?:user|group))$/.test(name)
    || /\.(?:rpm(?:new|save|orig)|dpkg-(?:old|new|tmp|dist|bak|backup|remove)|ucf-(?:new|old|dist)|swp|bak|old|new)$/.test(name);
}

export const PATH_CONDITIONS: Readonly<Record<string, ConditionTest>> = {
  PathExists: (host, path) => host.facts(path) !== null,
  PathExistsGlob: (host, pattern) => expandGlob({ exists: (path) => host.facts(path, true) !== null, list: (path) => host.list(path) }, pattern).length > 0,
  PathIsDirectory: (host, path) => host.facts(path)?.isDirectory ?? false,
  PathIsSymbolicLink: (host, path) => host.facts(path, true)?.isSymbolicLink ?? false,
  PathIsMountPoint: isMountPoint,
  PathIsReadWrite: (host, path) => host.facts(path) !== null && host.isWritable(path),
  PathIsEncrypted: isEncrypted,
  DirectoryNotEmpty: (host, path) => (host.list(path) ?? []).some((name) => !isHidden(name)),
  FileNotEmpty: (host, path) => {
    const facts = host.facts(path);
    return facts !== null && facts.isFile && facts.size > 0;
  },
  FileIsExecutable: (host, path) => {
    const facts = host.facts(path);
    return facts !== null && facts.isFile && (facts.mode & EXECUTABLE_BITS) !== 0;
  },
};

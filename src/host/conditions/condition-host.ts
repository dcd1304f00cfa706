/** What the tests of conditions see of the machine. A port, so that each test can be shown every kind of machine. */
import { readFileSync, statSync, lstatSync, readdirSync, accessSync, constants } from 'node:fs';
import type { NativeBinding } from '../native.ts';
import { operatingSystem } from '../operating-system.ts';

export interface PathFacts {
  readonly isDirectory: boolean;
  readonly isFile: boolean;
  readonly isSymbolicLink: boolean;
  readonly size: number;
  readonly mode: number;
  /** Device number of the file system it is on. */
  readonly device: number;
  readonly inode: number;
}

export interface ConditionHost {
  /** Whole text of a small file, or null. */
  readText(path: string): string | null;
  /** Facts about a path, links followed unless `noFollow`; null when there is nothing. */
  facts(path: string, noFollow?: boolean): PathFacts | null;
  /** Names in a directory, or null. */
  list(path: string): readonly string[] | null;
  /** False only when the file system at `path` is mounted read-only. */
  isWritable(path: string): boolean;
  /** Modification time in nanoseconds since the epoch, or null. */
  modificationNsec(path: string): bigint | null;
  readonly kernelRelease: string;
  /** As uname(2) names it: `x86_64`. */
  readonly machine: string;
  readonly hostname: string;
  readonly uid: number;
  readonly gids: readonly number[];
  /** Value of a variable of the manager's environment. */
  environment(name: string): string | undefined;
  readonly capabilities: readonly number[];
  readonly memoryBytes: number;
  readonly cpuCount: number;
  /** uid of a user name, gid of a group name; null when unknown. */
  userId(name: string): number | null;
  groupId(name: string): number | null;
  /** Where the manager's own control group is, or null. */
  readonly cgroupRoot: string | null;
}

/** Attributes and small configuration files; what is longer is none of those. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** The real machine. */
export function realConditionHost(options: { readonly native: NativeBinding; readonly userId: (name: string) => number | null; readonly groupId: (name: string) => number | null; readonly cgroupRoot: string | null }): ConditionHost {
  return {
    readText(path) {
      try {
        const text = readFileSync(path);
        return text.length > TEXT_BYTES_MAX ? null : text.toString('utf8');
      } catch {
        return null;
      }
    },
    facts(path, noFollow = false) {
      try {
        const stat = noFollow ? lstatSync(path) : statSync(path);
        return { isDirectory: stat.isDirectory(), isFile: stat.isFile(), isSymbolicLink: stat.isSymbolicLink(), size: stat.size, mode: stat.mode, device: stat.dev, inode: stat.ino };
      } catch {
        return null;
      }
    },
    list(path) {
      try {
        return readdirSync(path);
      } catch {
        return null;
      }
    },
    isWritable(path) {
      try {
        accessSync(path, constants.W_OK);
        return true;
      } catch (error) {
        // Root may write everywhere but on a read-only file system; EACCES is about rights, not about the file system.
        return (error as NodeJS.ErrnoException).code === 'EACCES';
      }
    },
    modificationNsec(path) {
      try {
        return statSync(path, { bigint: true }).mtimeNs;
      } catch {
        return null;
      }
    },
    get kernelRelease() { return operatingSystem().release(); },
    get machine() { return operatingSystem().machine(); },
    get hostname() { return operatingSystem().hostname(); },
    uid: process.getuid?.() ?? 0,
    gids: [...new Set([process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])])],
    environment: (name) => process.env[name],
    get capabilities() { return options.native.effectiveCapabilities(); },
    get memoryBytes() { return operatingSystem().totalmem(); },
    // Node reads a file or two for each.
    get cpuCount() { return operatingSystem().cpus().length; },
    userId: options.userId,
    groupId: options.groupId,
    cgroupRoot: options.cgroupRoot,
  };
}

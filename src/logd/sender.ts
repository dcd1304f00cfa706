/**
 * Whose process sent a message: asked of the manager, which alone knows its units, together with what /proc says at once. A program such
 * as logger(1) is gone a moment after it has sent, and its control group cannot be read any more.
 */
import type { NativeBinding } from '../host/native.ts';

/** A group's path is a few unit names long; so that a batch of questions fits into one message. */
export const GROUP_PATH_MAX = 1024;
const PROC_FILE_BYTES = 16 * 1024;

/** @returns the path in the unified hierarchy, or null */
export function readSenderGroup(native: Pick<NativeBinding, 'readSmallFile'>, pid: number): string | null {
  const text = native.readSmallFile(`/proc/${String(pid)}/cgroup`, PROC_FILE_BYTES);
  const path = text.split('\n').find((line) => line.startsWith('0::'))?.slice('0::'.length);
  return path === undefined || path.length > GROUP_PATH_MAX ? null : path;
}

/** The name of the program a process runs, for messages that do not tell; null when it is gone. */
export function readSenderName(native: Pick<NativeBinding, 'readSmallFile'>, pid: number): string | null {
  // With its line end it cannot be mistaken for an errno.
  const text = native.readSmallFile(`/proc/${String(pid)}/comm`, PROC_FILE_BYTES);
  return text.endsWith('\n') ? text.slice(0, -1) : null;
}

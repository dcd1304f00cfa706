/** The kernel's table of mounts as text: proc_pid_mountinfo(5). Pure. */
import type { MountPoint } from '../../core/unit/mount.ts';

/** White space and backslashes are written as octal numbers in files of /proc. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** All lines that can be read, in the order of the table; of mounts on one place the last is the one that is seen. */
export function parseMountInfo(text: string): readonly MountPoint[] {
  const mounts: MountPoint[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const where = unescapeOctal(before.split(' ')[4] ?? '');
    const [type = '', what = '', ofFileSystem = ''] = after.split(' ');
    if (where === '' || type === '') continue;
    const options = new Set([...(before.split(' ')[5] ?? '').split(','), ...ofFileSystem.split(',')].map(unescapeOctal));
    mounts.push({ where, what: unescapeOctal(what), type, options: [...options].filter((option) => option !== '').join(',') });
  }
  return mounts;
}

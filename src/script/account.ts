/** Users that children of scripts run as. Source: passwd(5); names that are not in the file are asked of getent(1). */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** @param user name or uid; a uid without an account is its own group, too @returns null when there is no such name */
export function findAccount(user: string | number): Account | null {
  const wanted = String(user);
  const isNumber = /^\d{1,10}$/.test(wanted);
  const line = readFileSync('/etc/passwd', 'utf8').split('\n').find((each) => matches(each, wanted)) ?? askGetent(wanted);
  const [, , uid = '', gid = ''] = line.split(':');
  if (uid !== '' && gid !== '') return { uid: Number(uid), gid: Number(gid) };
  return isNumber ? { uid: Number(wanted), gid: Number(wanted) } : null;
}

function matches(line: string, wanted: string): boolean {
  const [name, , uid] = line.split(':');
  return name === wanted || uid === wanted;
}

function askGetent(wanted: string): string {
  const { status, stdout } = spawnSync('getent', ['passwd', '--', wanted], { encoding: 'utf8', timeout: 5_000 });
  return status === 0 ? stdout.trim() : '';
}

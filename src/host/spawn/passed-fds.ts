/** The fds a process is started with beside its standard streams: sd_listen_fds(3), and StandardInput=socket of systemd.exec(5). */
import type { Fd } from '../../base/brand.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import type { FdTable } from '../fd-table.ts';
import type { NativeBinding } from '../native.ts';

export type PassedFds =
  | {
      readonly ok: true;
      /** From 3 on. */
      readonly fds: readonly Fd[];
      /** The one that is a standard stream instead; null without such a stream. */
      readonly socket: Fd | null;
      /** $LISTEN_FDS and its kin; the value of LISTEN_PID is the pid to come. */
      readonly environment: readonly string[];
    }
  /** `missing`: the key that is not in the table, or what StandardInput=socket lacks. */
  | { readonly ok: false; readonly missing: string };

export function passFds(native: NativeBinding, table: FdTable, effect: SpawnEffect): PassedFds {
  const fds: Fd[] = [];
  for (const { key, nonBlocking } of effect.fds) {
    const fd = table.get(key);
    if (fd === undefined) return { ok: false, missing: key };
    if (nonBlocking !== null) native.setNonBlocking(fd, nonBlocking);
    fds.push(fd);
  }
  const { standardInput, standardOutput, standardError } = effect.definition.exec;
  if ([standardInput, standardOutput, standardError].some(({ kind }) => kind === 'socket')) {
    const [socket, ...others] = fds;
    // A stream is one socket; which of several is meant nobody could tell.
    return socket === undefined || others.length > 0 ? { ok: false, missing: 'the one socket that is a standard stream' } : { ok: true, fds: [], socket, environment: [] };
  }
  const names = effect.fds.map(({ name }) => name).join(':');
  return { ok: true, fds, socket: null, environment: fds.length === 0 ? [] : ['LISTEN_PID=', `LISTEN_FDS=${String(fds.length)}`, `LISTEN_FDNAMES=${names}`] };
}

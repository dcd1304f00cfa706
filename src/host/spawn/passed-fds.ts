/** The fds a process is started with beside its standard streams: sd_listen_fds(3), and StandardInput=socket of systemd.exec(5). */
import type { Errno, Fd } from '../../base/brand.ts';
import type { SpawnEffect } from '../../core/manager/effect.ts';
import type { ServiceUnit } from '../../core/unit/service.ts';
import type { FdTable } from '../fd-table.ts';
import type { NativeBinding } from '../native.ts';
import { openFiles } from './open-files.ts';

export type PassedFds =
  | {
      readonly ok: true;
      /** From 3 on. */
      readonly fds: readonly Fd[];
      /** The one that is a standard stream instead; null without such a stream. */
      readonly socket: Fd | null;
      /** $LISTEN_FDS and its kin; the value of LISTEN_PID is the pid to come. */
      readonly environment: readonly string[];
      /** Those of `fds` that were opened for this process, to be closed when it is born. */
      readonly opened: readonly Fd[];
    }
  /** `missing`: the key that is not in the table, or what StandardInput=socket lacks. */
  | { readonly ok: false; readonly errno: Errno; readonly missing: string };

export function passFds(native: NativeBinding, table: FdTable, effect: SpawnEffect): PassedFds {
  const fds: Fd[] = [];
  for (const { key, nonBlocking } of effect.fds) {
    const fd = table.get(key);
    if (fd === undefined) return { ok: false, errno: 'EBADF' as Errno, missing: key };
    if (nonBlocking !== null) native.setNonBlocking(fd, nonBlocking);
    fds.push(fd);
  }
  const { standardInput, standardOutput, standardError } = effect.definition.exec;
  if ([standardInput, standardOutput, standardError].some(({ kind }) => kind === 'socket')) {
    const [socket, ...others] = fds;
    // A stream is one socket; which of several is meant nobody could tell.
    return socket === undefined || others.length > 0 ? { ok: false, errno: 'EBADF' as Errno, missing: 'the one socket that is a standard stream' } : { ok: true, fds: [], socket, environment: [], opened: [] };
  }
  const more = effect.role === 'ExecStart' && effect.definition.kind === 'service' ? openFiles(native, (effect.definition as ServiceUnit).openFiles) : { ok: true as const, files: [] };
  if (!more.ok) return { ok: false, errno: more.errno, missing: more.path };
  const opened = more.files.map(([, fd]) => fd);
  fds.push(...opened);
  const names = [...effect.fds.map(({ name }) => name), ...more.files.map(([name]) => name)].join(':');
  return { ok: true, fds, opened, socket: null, environment: fds.length === 0 ? [] : ['LISTEN_PID=', `LISTEN_FDS=${String(fds.length)}`, `LISTEN_FDNAMES=${names}`] };
}

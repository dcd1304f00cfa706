/**
 * The autofs mounts of automount units: made, listened to, answered and taken away as the core says. Of each the table of named fds has
 * the pipe over which the kernel asks (`automount:UNIT:requests`) and the mount itself (`automount:UNIT:mount`), so that whoever
 * waits at the place goes on waiting while the manager executes itself anew.
 *
 * The kernel lets processes of the manager's own process group pass; services have groups of their own.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import type { Errno, Fd, UnitName } from '../../base/brand.ts';
import type { Effect } from '../../core/manager/effect.ts';
import type { UnstampedEvent } from '../../core/manager/event.ts';
import { POLL_IN, type ManagerLog } from '../engine.ts';
import type { FdTable } from '../fd-table.ts';
import { parseMountInfo } from './mount-info.ts';
import type { NativeBinding } from '../native.ts';
import { IS_LITTLE_ENDIAN } from '../operating-system.ts';
import type { PollSet } from '../poll-set.ts';

/** umount2(2) */
const MNT_DETACH = 2;
const MNT_EXPIRE = 4;
const UMOUNT_NOFOLLOW = 8;
/** Mounts on one place that are taken away to get at the autofs below them. */
const STACKED_MAX = 32;

/** struct autofs_v5_packet of <linux/auto_fs.h>: where its fields are, its size, and the kinds of questions of a direct mount. */
const PACKET_BYTES = 304;
const TYPE_AT = 4;
const TOKEN_AT = 8;
const PID_AT = 32;
const MISSING_DIRECT = 5;
/** Read in one wake-up; the rest in the next. */
const PACKETS_MAX = 64;

/** There is no autofs for this manager: the kernel or the container has none. Any other error is the unit's own. */
const WITHOUT_AUTOFS: Readonly<Partial<Record<string, 'no-kernel-support' | 'no-capability'>>> = {
  ENODEV: 'no-kernel-support', ENOSYS: 'no-kernel-support', EPERM: 'no-capability', EACCES: 'no-capability',
};

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>;

export interface AutomountsOptions {
  readonly native: NativeBinding;
  readonly poll: PollSet;
  readonly log: ManagerLog;
  readonly fds: FdTable;
  readonly submit: (event: UnstampedEvent) => void;
}

export class Automounts {
  readonly #options: AutomountsOptions;

  constructor(options: AutomountsOptions) {
    this.#options = options;
  }

  /** Carries out `open-automount`. */
  open({ unit, token, where, directoryMode, options }: EffectOf<'open-automount'>): void {
    const { submit } = this.#options;
    // A former engine got this far.
    const error = this.#fdOf(unit, 'mount') !== undefined ? null : this.#mount(unit, where, directoryMode, options);
    if (error === null) {
      this.watch(unit);
      submit({ event: 'automount-opened', unit, token, outcome: 'trapped', detail: '' });
      return;
    }
    const why = WITHOUT_AUTOFS[error.errno];
    if (why === undefined) {
      submit({ event: 'automount-opened', unit, token, outcome: 'failed', detail: `${error.what} failed: ${error.errno}` });
      return;
    }
    submit({ event: 'runtime-not-effective', unit, items: [{ directive: 'Where', why }] });
    submit({ event: 'automount-opened', unit, token, outcome: 'no-autofs', detail: `${error.what}: ${error.errno}` });
  }

  #mount(unit: UnitName, where: string, directoryMode: number, options: string): { readonly what: string; readonly errno: Errno } | null {
    const { native, fds } = this.#options;
    // As with no driver in the kernel: the mount alone would work, and nobody could talk to it.
    if (!existsSync('/dev/autofs')) return { what: '/dev/autofs', errno: 'ENODEV' as Errno };
    try {
      mkdirSync(where, { recursive: true, mode: directoryMode });
    } catch (error) {
      return { what: `making ${where}`, errno: (error as { readonly code: Errno }).code };
    }
    // Left by a manager that was killed: nobody answers there any more.
    if (topmostType(where) === 'autofs') native.umount(where, MNT_DETACH | UMOUNT_NOFOLLOW);
    const pipe = native.pipe(true);
    if (typeof pipe === 'string') return { what: 'pipe', errno: pipe };
    const [requests, writer] = pipe;
    const extra = options === '' ? '' : `,${options}`;
    const mounted = native.mount('heartwood', where, 'autofs', 0, `fd=${String(writer)},minproto=5,maxproto=5,direct${extra}`);
    native.close(writer);
    const mount = mounted === 0 ? native.autofsOpen(where) : mounted;
    if (typeof mount === 'string') {
      native.close(requests);
      if (mounted === 0) native.umount(where, MNT_DETACH | UMOUNT_NOFOLLOW);
      return { what: `mounting autofs at ${where}`, errno: mount };
    }
    fds.add(nameOf(unit, 'requests'), requests);
    fds.add(nameOf(unit, 'mount'), mount);
    return null;
  }

  /** Listens to the kernel; also to be called for every unit that has a mount after a re-exec. */
  watch(unit: UnitName): void {
    const fd = this.#fdOf(unit, 'requests');
    if (fd === undefined) return;
    this.#options.poll.remove(fd);
    this.#options.poll.add(fd, POLL_IN, () => { this.#read(unit, fd); }, 'control');
  }

  #read(unit: UnitName, fd: Fd): void {
    const { native, poll, submit, log } = this.#options;
    const packet = new Uint8Array(PACKET_BYTES);
    const view = new DataView(packet.buffer);
    for (let count = 0; count < PACKETS_MAX; count++) {
      const bytes = native.read(fd, packet);
      if (bytes === 'EAGAIN') return;
      if (typeof bytes === 'string' || bytes < PID_AT + 4) {
        log.write('err', unit, `${unit}: the kernel's automounter asks no more: ${bytes === 0 ? 'its mount was taken away' : String(bytes)}`);
        poll.remove(fd);
        submit({ event: 'automount-gone', unit });
        return;
      }
      const token = view.getUint32(TOKEN_AT, IS_LITTLE_ENDIAN);
      if (view.getUint32(TYPE_AT, IS_LITTLE_ENDIAN) === MISSING_DIRECT) submit({ event: 'automount-request', unit, waiting: token, pid: view.getUint32(PID_AT, IS_LITTLE_ENDIAN) });
      // Somebody else asks whether it may be unmounted now: that is for TimeoutIdleSec= to say.
      else this.answer({ unit, tokens: [token], errno: EBUSY });
    }
  }

  /** Carries out `answer-automount`: who waits goes on, or gets the error. */
  answer({ unit, tokens, errno }: Omit<EffectOf<'answer-automount'>, 'kind'>): void {
    const mount = this.#fdOf(unit, 'mount');
    if (mount === undefined) return;
    for (const token of tokens) {
      const result = this.#options.native.autofsAnswer(mount, token, errno);
      // Who waited is gone.
      if (result !== 0 && result !== 'EINVAL' && result !== 'ENOENT') this.#options.log.write('warning', unit, `${unit}: a process that waits could not be told: ${result}`);
    }
  }

  /** Carries out `look-at-automount`. That it was unmounted the table of mounts tells. */
  look({ unit, where }: Omit<EffectOf<'look-at-automount'>, 'kind'>): void {
    const { native, submit, log } = this.#options;
    // EAGAIN: it was used, and is marked as unused from now on. EBUSY: it is in use.
    const result = topmostType(where) === 'autofs' ? 'EINVAL' : native.umount(where, MNT_EXPIRE | UMOUNT_NOFOLLOW);
    if (result !== 0) submit({ event: 'automount-used', unit });
    else log.write('info', unit, `${unit}: ${where} was not used and is unmounted`);
  }

  /** Carries out `close-automount`: the autofs goes, and what is mounted on it. */
  close({ unit, where }: Omit<EffectOf<'close-automount'>, 'kind'>): void {
    const { native, poll, fds } = this.#options;
    const requests = this.#fdOf(unit, 'requests');
    if (requests === undefined) return;
    poll.remove(requests);
    fds.close([nameOf(unit, 'requests'), nameOf(unit, 'mount')]);
    for (let count = 0; count < STACKED_MAX && hasAutofs(where); count++) {
      const result = native.umount(where, MNT_DETACH | UMOUNT_NOFOLLOW);
      if (result === 0) continue;
      this.#options.log.write('err', unit, `${unit}: ${where} cannot be unmounted: ${result}`);
      return;
    }
  }

  #fdOf(unit: UnitName, part: 'requests' | 'mount'): Fd | undefined {
    return this.#options.fds.get(nameOf(unit, part));
  }
}

/** errno(3) */
const EBUSY = 16;

function nameOf(unit: UnitName, part: 'requests' | 'mount'): string {
  return `automount:${unit}:${part}`;
}

function typesAt(where: string): readonly string[] {
  try {
    return parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8')).filter((mount) => mount.where === where).map(({ type }) => type);
  } catch {
    return [];
  }
}

function topmostType(where: string): string | undefined {
  return typesAt(where).at(-1);
}

function hasAutofs(where: string): boolean {
  return typesAt(where).includes('autofs');
}

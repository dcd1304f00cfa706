/** The processes of a simulated kernel: small scripts in control groups, by number. */
import type { Pid, UnitName } from '../base/brand.ts';
import type { ExecRole } from '../core/unit/exec-context.ts';

/** How a program behaves once it runs; times in microseconds after its start. */
export interface Script {
  /** Sends READY=1 then. */
  readonly readyAfterUsec?: number;
  /** Ends by itself then; absent = runs until it is told to end. */
  readonly exitAfterUsec?: number;
  readonly exitStatus?: number;
  /** It is this signal, from itself, that ends it, in place of an exit status. */
  readonly exitSignal?: number;
  /** TERM has no effect. */
  readonly ignoresTerm?: boolean;
  /** How long it takes to end after TERM. */
  readonly termTakesUsec?: number;
  /** Status it exits with after TERM; absent = it dies of the signal. */
  readonly termStatus?: number;
  /** Leaves a child behind that lives on in the group, running this script. */
  readonly forks?: Script;
  /** The spawn fails at this stage. */
  readonly spawnFails?: { readonly stage: string; readonly errno: string };
  /** Does not take what waits at its sockets. */
  readonly leavesSockets?: boolean;
  /** When it says that it is ready, it gives so many fds into the store, under this name. */
  readonly stores?: { readonly name: string; readonly count: number };
  /** When it is told to end, it takes the fds of this name out of the store. */
  readonly takesBack?: string;
  /** Sends WATCHDOG=1 this often. */
  readonly pingsEveryUsec?: number;
  /** Stops sending it after so long. */
  readonly pingsForUsec?: number;
}

export interface Process {
  readonly pid: Pid;
  readonly unit: UnitName;
  readonly script: Script;
  readonly path: string;
  /** Whose exit the manager is told: its own children and, as it is the reaper, everybody's. null = started by a program. */
  readonly role: ExecRole | null;
  /** TERM came before it had set up what it ignores, KILL is on its way, and the like. */
  isDying: boolean;
}

export class ProcessTable {
  readonly live = new Map<Pid, Process>();
  readonly #byUnit = new Map<UnitName, Set<Process>>();
  #nextPid = 100;
  #freed: Pid[] = [];

  /** @param reuse give out the number that was freed last */
  add({ unit, script, path, role }: Omit<Process, 'pid' | 'isDying'>, reuse: boolean): Process {
    const freed = reuse ? this.#freed.pop() : undefined;
    const pid = freed ?? this.#nextPid++ as Pid;
    const process: Process = { pid, unit, script, path, role, isDying: false };
    this.live.set(pid, process);
    let group = this.#byUnit.get(unit);
    if (group === undefined) this.#byUnit.set(unit, group = new Set());
    group.add(process);
    return process;
  }

  isLive(process: Process): boolean {
    return this.live.get(process.pid) === process;
  }

  remove(process: Process): void {
    this.live.delete(process.pid);
    this.#byUnit.get(process.unit)?.delete(process);
  }

  /** The process was reaped: its number may be given out again. */
  free(pid: Pid): void {
    const FREED_MAX = 8;
    this.#freed.push(pid);
    if (this.#freed.length > FREED_MAX) this.#freed.shift();
  }

  of(unit: UnitName): readonly Process[] {
    const group = this.#byUnit.get(unit);
    return group === undefined ? [] : [...group];
  }

  isEmpty(unit: UnitName): boolean {
    return (this.#byUnit.get(unit)?.size ?? 0) === 0;
  }

  /** All but the processes of these units are gone. */
  clear(spared: ReadonlySet<UnitName>): void {
    for (const [pid, { unit }] of this.live) if (!spared.has(unit)) this.live.delete(pid);
    for (const unit of [...this.#byUnit.keys()]) if (!spared.has(unit)) this.#byUnit.delete(unit);
  }
}

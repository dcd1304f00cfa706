/**
 * Limits and weights of control groups: what a unit's directives stand for, and how a group gets them.
 *
 * Controllers are enabled when the first unit asks for one, from the root down; the manager then moves into a leaf (`init.scope`), since a
 * group with processes cannot have controllers below it.
 */
import type { CgroupContext, LimitValue } from '../../core/unit/exec-context.ts';
import { directivesOf } from '../../core/unit/group-access.ts';
import type { NativeBinding } from '../native.ts';
import { MANAGER_LEAF } from './cgroup-root.ts';
import { memoryOfMachine, tasksOfMachine } from './machine-size.ts';

/** A directive that could not be given to the kernel, and the reason. */
export interface NotEffective {
  readonly directive: string;
  readonly why: string;
}

/** The part of a group this file deals with. */
export interface AttributedGroup {
  /** Relative to the root, `/system.slice/nginx.service`. */
  readonly path: string;
  /** What has been written, `FILE=VALUE` each; '' for nothing. */
  attributes: string;
  /** What could not be written. */
  refusedAttributes: readonly NotEffective[];
}

/** What one directive wants of the kernel. */
interface Attribute {
  readonly directive: string;
  readonly controller: 'memory' | 'pids' | 'cpu' | 'io';
  readonly file: string;
  readonly value: string;
}

/** `whole` is asked only for a percentage: finding out the machine's memory reads a file. */
function limitText(limit: LimitValue | { readonly percent: number }, whole: () => number): string {
  if (limit === 'infinity') return 'max';
  return String(typeof limit === 'number' ? limit : Math.floor((whole() * limit.percent) / 100));
}

const CPU_PERIOD_USEC = 100_000;

/** The attributes a unit's directives stand for, in the order they are written. */
export function attributesOf(context: CgroupContext): readonly Attribute[] {
  const attributes: Attribute[] = [];
  const add = (directive: string, controller: Attribute['controller'], file: string, value: string): void => {
    attributes.push({ directive, controller, file, value });
  };
  if (context.tasksMax !== null) add('TasksMax', 'pids', 'pids.max', limitText(context.tasksMax, tasksOfMachine));
  if (context.memoryMin !== null) add('MemoryMin', 'memory', 'memory.min', limitText(context.memoryMin, memoryOfMachine));
  if (context.memoryLow !== null) add('MemoryLow', 'memory', 'memory.low', limitText(context.memoryLow, memoryOfMachine));
  if (context.memoryHigh !== null) add('MemoryHigh', 'memory', 'memory.high', limitText(context.memoryHigh, memoryOfMachine));
  if (context.memoryMax !== null) add('MemoryMax', 'memory', 'memory.max', limitText(context.memoryMax, memoryOfMachine));
  if (context.memorySwapMax !== null) add('MemorySwapMax', 'memory', 'memory.swap.max', limitText(context.memorySwapMax, memoryOfMachine));
  if (context.oomGroup) add('OOMPolicy', 'memory', 'memory.oom.group', '1');
  // CPUWeight=idle: below the smallest weight there is a switch of its own.
  if (context.cpuWeight === 0) add('CPUWeight', 'cpu', 'cpu.idle', '1');
  else if (context.cpuWeight !== null) add('CPUWeight', 'cpu', 'cpu.weight', String(context.cpuWeight));
  if (context.cpuQuotaUsecPerSec !== null) {
    const quota = Math.max(1000, Math.round((context.cpuQuotaUsecPerSec * CPU_PERIOD_USEC) / 1_000_000));
    add('CPUQuota', 'cpu', 'cpu.max', `${String(quota)} ${String(CPU_PERIOD_USEC)}`);
  }
  if (context.ioWeight !== null) add('IOWeight', 'io', 'io.weight', `default ${String(context.ioWeight)}`);
  return attributes;
}

/** Everything a unit asks of its control group, where there are none. */
export function refusedWithoutGroups(context: CgroupContext, defaultTasksMax: CgroupContext['tasksMax']): readonly NotEffective[] {
  const limits = attributesOf(context).filter(({ directive }) => directive !== 'TasksMax' || !isSameLimit(context.tasksMax, defaultTasksMax));
  const directives = [...limits.map(({ directive }) => directive), ...(context.access === null ? [] : directivesOf(context.access))];
  return directives.map((directive) => ({ directive, why: 'no-cgroup' }));
}

function isSameLimit(one: CgroupContext['tasksMax'], other: CgroupContext['tasksMax']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What the kernel has in a new group, for a setting that is taken back. Source: cgroup-v2 of the kernel's documentation. */
const UNSET_ATTRIBUTES: readonly (readonly [file: string, value: string])[] = [
  ['pids.max', 'max'], ['memory.min', '0'], ['memory.low', '0'], ['memory.high', 'max'], ['memory.max', 'max'], ['memory.swap.max', 'max'], ['memory.oom.group', '0'],
  ['cpu.weight', '100'], ['cpu.max', `max ${String(CPU_PERIOD_USEC)}`], ['io.weight', 'default 100'],
];

/** Some fifty short lines. */
const MEMORY_STAT_BYTES_MAX = 16 * 1024;
/** Sixteen pages: less than any program needs, yet enough for one that ends to come to its end. */
const TIGHT_BYTES_MIN = 64 * 1024;

export interface GroupAttributesOptions {
  readonly native: NativeBinding;
  /** Directory of the manager's own group. */
  readonly root: string;
  /** DefaultTasksMax= */
  readonly defaultTasksMax: CgroupContext['tasksMax'];
}

export class GroupAttributes {
  readonly #options: GroupAttributesOptions;
  /** Controllers enabled for children, by group path; the value is why enabling failed, '' when it went through. */
  readonly #controllers = new Map<string, string>();
  #movedToLeaf = false;

  constructor(options: GroupAttributesOptions) {
    this.#options = options;
  }

  /** Writes what differs from `group.attributes`; what could not be had is in `group.refusedAttributes` afterwards. */
  apply(group: AttributedGroup, context: CgroupContext): void {
    const attributes = attributesOf(context);
    const wanted = attributes.map(({ file, value }) => `${file}=${value}`).join(' ');
    if (wanted === group.attributes) return;
    const failures: NotEffective[] = [];
    for (const { directive, controller, file, value } of attributes) {
      const why = this.#enableController(group.path, controller) || this.#write(group.path, file, value);
      // What every unit has by default was asked for by nobody; that it is missing is said once, at start.
      if (why !== '' && !(directive === 'TasksMax' && this.#isDefaultTasksMax(context))) failures.push({ directive, why });
    }
    for (const [file, value] of UNSET_ATTRIBUTES) {
      if (group.attributes.includes(`${file}=`) && !attributes.some((each) => each.file === file)) this.#write(group.path, file, value);
    }
    group.attributes = wanted;
    group.refusedAttributes = failures;
  }

  /**
   * For drills: half of what its processes have for themselves, so that the kernel ends one of them; beside what has been written, which
   * is not forgotten.
   *
   * Not nothing at all: whoever writes a limit stays in the kernel until it is kept, and of nothing that may be never. On a machine with
   * one processor it was, and the writer is PID 1.
   *
   * @param isTight false: what has been written counts again
   * @returns '' or why it cannot be
   */
  limitMemory(group: AttributedGroup, isTight: boolean): string {
    const why = this.#enableController(group.path, 'memory');
    if (why !== '') return why;
    const ownOf = (file: string): string => group.attributes.split(' ').find((each) => each.startsWith(`${file}=`))?.slice(file.length + 1) ?? 'max';
    // Else its memory would only be paged out. Not every kernel counts swap.
    this.#write(group.path, 'memory.swap.max', isTight ? '0' : ownOf('memory.swap.max'));
    return this.#write(group.path, 'memory.max', isTight ? String(this.#tightLimit(group)) : ownOf('memory.max'));
  }

  #tightLimit({ path }: AttributedGroup): number {
    const { native, root } = this.#options;
    const anonymous = Number(/^anon (\d+)$/m.exec(native.readSmallFile(`${root}${path}/memory.stat`, MEMORY_STAT_BYTES_MAX))?.[1] ?? '0');
    return Math.max(TIGHT_BYTES_MIN, Math.floor(anonymous / 2));
  }

  #isDefaultTasksMax(context: CgroupContext): boolean {
    return isSameLimit(context.tasksMax, this.#options.defaultTasksMax);
  }

  #write(path: string, file: string, value: string): string {
    const { native, root } = this.#options;
    const result = native.writeAttribute(`${root}${path}/${file}`, value);
    return result === 0 ? '' : `${file} could not be written: ${result}`;
  }

  /** Enables a controller in every group from the root to the parent of `path`. '' or why not. */
  #enableController(path: string, controller: string): string {
    const parents = path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parents.length; depth++) {
      const parent = parents.slice(0, depth).join('/');
      const key = `${parent} ${controller}`;
      let why = this.#controllers.get(key);
      if (why === undefined) {
        why = this.#enableBelow(parent, controller);
        this.#controllers.set(key, why);
      }
      if (why !== '') return why;
    }
    return '';
  }

  #enableBelow(parent: string, controller: string): string {
    const { native, root } = this.#options;
    const available = native.readSmallFile(`${root}${parent}/cgroup.controllers`, 4096);
    if (!available.split(/\s+/).includes(controller)) return `the control group hierarchy has no ${controller} controller here`;
    const file = `${root}${parent}/cgroup.subtree_control`;
    let result = native.writeAttribute(file, `+${controller}`);
    if (result === 'EBUSY' && parent === '' && this.#moveToLeaf()) result = native.writeAttribute(file, `+${controller}`);
    return result === 0 ? '' : `the ${controller} controller could not be enabled: ${result}`;
  }

  /** Moves the manager, and logd with it, out of the group that is to have controllers below it. */
  #moveToLeaf(): boolean {
    const { native, root } = this.#options;
    if (this.#movedToLeaf) return false;
    this.#movedToLeaf = true;
    const leaf = `${root}/${MANAGER_LEAF}`;
    native.makeDirectory(leaf, 0o755);
    const text = native.readSmallFile(`${root}/cgroup.procs`, 1024 * 1024);
    for (const line of text.split('\n')) if (Number(line) > 0) native.writeAttribute(`${leaf}/cgroup.procs`, line);
    return true;
  }
}

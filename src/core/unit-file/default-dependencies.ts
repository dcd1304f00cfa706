/**
 * The edges no file writes down. Source: the sections "Implicit Dependencies" and "Default Dependencies" of systemd.unit(5)
 * and of the page of each kind of unit.
 */
import type { UnitName } from '../../base/brand.ts';
import type { TargetUnit, UnitDefinition } from '../unit/definition.ts';
import type { DependencyKind, DependencyOrigin } from '../unit/dependency.ts';
import type { ExecContext } from '../unit/exec-context.ts';
import { unitNameFromPath } from '../unit/unit-name.ts';
import type { DependencyList } from './dependency-list.ts';
import type { UnitDraft } from './unit-draft.ts';

const SYSINIT = 'sysinit.target' as UnitName;
const BASIC = 'basic.target' as UnitName;
const SHUTDOWN = 'shutdown.target' as UnitName;
const UMOUNT = 'umount.target' as UnitName;

/** Ends before the system goes down: ordered before `target`, and stopped when it starts. */
function endBefore(list: DependencyList, target: UnitName): void {
  list.add('Before', target, 'default');
  list.add('Conflicts', target, 'default');
}

/** Ended by the start of shutdown.target. All kinds but mounts and swaps. */
export function addShutdown(list: DependencyList): void {
  endBefore(list, SHUTDOWN);
}

/** Mounts and swaps go after everything else has ended. */
export function addUmount(list: DependencyList): void {
  endBefore(list, UMOUNT);
}

/** A service needs what early boot sets up; in a user's manager, which has no early boot, basic.target stands for it. */
export function addServiceDefaults(list: DependencyList, mode: 'system' | 'user'): void {
  const early = mode === 'system' ? SYSINIT : BASIC;
  list.add('Requires', early, 'default');
  list.add('After', early, 'default');
  // The rest of the basic system comes first when it is being started, but a service does not pull it in.
  list.add('After', BASIC, 'default');
  addShutdown(list);
}

/** Sockets, timers and paths come up as a group, before the basic system is complete. */
export function addActivatorDefaults(list: DependencyList, mode: 'system' | 'user', group: UnitName): void {
  list.add('Before', group, 'default');
  if (mode === 'system') {
    list.add('Requires', SYSINIT, 'default');
    list.add('After', SYSINIT, 'default');
  }
  addShutdown(list);
}

/** The unit is in `slice`, and needs it. */
export function addSlice(list: DependencyList, slice: UnitName): void {
  list.add('InSlice', slice, 'implicit');
  list.add('Requires', slice, 'implicit');
  list.add('After', slice, 'implicit');
}

/**
 * Mount units for a path and all that is above it, as far as there are such units: RequiresMountsFor=.
 *
 * @param kind        `Requires`, or `Wants` for WantsMountsFor=
 * @param hasUnitFile whether a unit file of this name exists
 */
export function addMounts(list: DependencyList, path: string, kind: 'Requires' | 'Wants', origin: DependencyOrigin, hasUnitFile: (name: UnitName) => boolean): void {
  if (kind === 'Requires') list.addMountPath(path);
  for (const prefix of pathPrefixes(path)) {
    const mount = unitNameFromPath(prefix, 'mount');
    if (mount === null || !hasUnitFile(mount)) continue;
    list.add('After', mount, origin);
    list.add(kind, mount, origin);
  }
}

/** The device below /dev a unit works on, where devices can be known: nobody is to wait for one that never shows. */
export function addDevice({ dependencies, context }: UnitDraft, path: string, kind: 'BindsTo' | 'Requires' | 'StopPropagatedFrom'): void {
  const device = unitNameFromPath(path, 'device');
  if (device === null || !context.hasDevices) return;
  if (kind !== 'StopPropagatedFrom') dependencies.add('After', device, 'implicit');
  // A session can do nothing about devices.
  dependencies.add(context.mode === 'user' && kind !== 'StopPropagatedFrom' ? 'Wants' : kind, device, 'implicit');
}

function pathPrefixes(path: string): readonly string[] {
  const prefixes = ['/'];
  let prefix = '';
  for (const part of path.split('/').filter((each) => each !== '')) {
    prefix = `${prefix}/${part}`;
    prefixes.push(prefix);
  }
  return prefixes;
}

/** What a context needs to be there: directories' mounts, and for a private /tmp the service that cleans the common one. */
export function addExecDependencies(list: DependencyList, exec: ExecContext, roots: Readonly<Record<string, string>>, mode: 'system' | 'user', hasUnitFile: (name: UnitName) => boolean): void {
  const need = (path: string, kind: 'Requires' | 'Wants' = 'Requires'): void => addMounts(list, path, kind, 'implicit', hasUnitFile);
  if (exec.workingDirectory !== null && 'path' in exec.workingDirectory && !exec.workingDirectory.optional) need(exec.workingDirectory.path);
  if (exec.rootDirectory !== null) need(exec.rootDirectory);
  for (const { kind, path } of exec.directories) need(`${roots[kind] ?? ''}/${path}`);
  if (mode !== 'system') return;
  // Nothing of ours waits for it; where systemd's journal is there, services that write to it come after it.
  const journal = 'systemd-journald.socket' as UnitName;
  if (writesToLog(exec) && hasUnitFile(journal)) list.add('After', journal, 'implicit');
  if (!exec.privateTmp) return;
  need('/tmp', 'Wants');
  need('/var/tmp');
  const cleaner = 'systemd-tmpfiles-setup.service' as UnitName;
  if (hasUnitFile(cleaner)) list.add('After', cleaner, 'implicit');
}

/** Whether standard output or error ends in the log. What is not said goes there. */
function writesToLog({ standardInput, standardOutput, standardError }: ExecContext): boolean {
  const isLog = ({ kind }: ExecContext['standardOutput']): boolean => kind === 'journal' || kind === 'kmsg';
  return isLog(standardOutput) || isLog(standardError) || (standardOutput.kind === 'inherit' && standardInput.kind === 'null');
}

const PULLED_IN: ReadonlySet<DependencyKind> = new Set<DependencyKind>(['Requires', 'Requisite', 'Wants', 'BindsTo', 'Upholds']);

/**
 * A target is reached when what it pulls in is up, so it is ordered after all of it; unless one of both does not want
 * default dependencies, or the order is the other way round already.
 *
 * This needs the other units and so happens when all of them are loaded.
 *
 * @returns the target with those edges; the same object when there are none
 */
export function orderTarget(target: TargetUnit, find: (name: UnitName) => UnitDefinition | undefined): TargetUnit {
  if (!target.defaultDependencies || target.loadState !== 'loaded') return target;
  const edges = new Set<string>();
  for (const each of target.dependencies) if (each.kind === 'After' || each.kind === 'Before') edges.add(`${each.kind} ${each.other}`);
  const added: UnitDefinition['dependencies'][number][] = [];
  for (const { kind, other } of target.dependencies) {
    if (!PULLED_IN.has(kind) || edges.has(`After ${other}`) || edges.has(`Before ${other}`)) continue;
    const unit = find(other);
    if (unit === undefined || unit.loadState !== 'loaded' || !unit.defaultDependencies) continue;
    if (unit.names.some((name) => edges.has(`Before ${name}`) || edges.has(`After ${name}`))) continue;
    if (unit.dependencies.some((each) => each.kind === 'After' && target.names.includes(each.other))) continue;
    edges.add(`After ${other}`);
    added.push({ kind: 'After', other, origin: 'default' });
  }
  return added.length === 0 ? target : { ...target, dependencies: [...target.dependencies, ...added] };
}

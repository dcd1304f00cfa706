/**
 * From files to a unit: everything but finding and reading the files. Pure.
 *
 * A unit that cannot be used is still a unit, with a load state and a sentence that says why: whoever depends on it can
 * be told, and `status` can show it.
 */
import type { UnitName, Usec } from '../../base/brand.ts';
import type { ScopeUnit, SliceUnit, TargetUnit, UnitDefinition } from '../unit/definition.ts';
import type { LoadState } from '../unit/unit-common.ts';
import type { MountPoint } from '../unit/mount.ts';
import type { SwapPoint } from '../unit/swap.ts';
import { ROOT_SLICE, SYSTEM_SLICE, isSliceName, parentSlice, slicePath, unitKind } from '../unit/unit-name.ts';
import { buildAutomount } from './build-automount.ts';
import { buildDevice } from './build-device.ts';
import { buildMount, fileOfMountPoint } from './build-mount.ts';
import { buildPath } from './build-path.ts';
import { buildService } from './build-service.ts';
import { buildTimer } from './build-timer.ts';
import { buildSocket } from './build-socket.ts';
import { buildSwap, fileOfSwapPoint } from './build-swap.ts';
import { readCgroupContext, readSlice, refuseSliceOfSlice } from './cgroup-context.ts';
import { withAccess } from './group-access.ts';
import { readOomPolicy } from './oom-policy-setting.ts';
import { addMounts, addShutdown, addSlice } from './default-dependencies.ts';
import { DependencyList } from './dependency-list.ts';
import { readKillContext } from './kill-context.ts';
import type { LexedFile } from './lexer.ts';
import { readScalar, readSettings } from './setting-reader.ts';
import { specifierExpander } from './specifiers.ts';
import { parseSpan, parseTimeout } from './time-setting.ts';
import { finishCommon, type BuildContext, type UnitDraft, type UnitSources } from './unit-draft.ts';
import { readDependencies, readMountPaths, readUnitSection } from './unit-section.ts';

/** Builds a unit from its files. Never throws on what the files contain. */
export function buildUnit(sources: UnitSources, context: BuildContext): UnitDefinition {
  const files = sources.fragment === null ? sources.dropIns : [sources.fragment, ...sources.dropIns];
  // A drop-in that cannot be read at all is left out, loudly, as systemd does: the unit it wanted to change is still what it was.
  const failure = sources.fragment?.failure ?? null;
  if (failure !== null) return buildUnusable(sources, context, { loadState: 'error', loadError: failure, fragmentPath: sources.fragment?.file ?? null });
  return build(sources, context, files);
}

/** The unit of a line of the kernel's table of mounts, for which there is no file. */
export function buildMountPoint(name: UnitName, mount: MountPoint, hasDefaults: boolean, context: BuildContext): UnitDefinition {
  const sources: UnitSources = { name, names: [name], fragment: null, dropIns: [], links: [], sourceHash: '' };
  return build(sources, context, [fileOfMountPoint(mount, hasDefaults)]);
}

/** The unit of a line of the kernel's table of swaps, for which there is no file. */
export function buildSwapPoint(name: UnitName, swap: SwapPoint, context: BuildContext): UnitDefinition {
  return build({ name, names: [name], fragment: null, dropIns: [], links: [], sourceHash: '' }, context, [fileOfSwapPoint(swap)]);
}

/** A unit of a name for which there is nothing to build: not found, masked, or unreadable. */
export function buildUnusable(
  sources: UnitSources, context: BuildContext,
  why: { readonly loadState: Exclude<LoadState, 'loaded'>; readonly loadError: string | null; readonly fragmentPath: string | null },
): UnitDefinition {
  const empty = { ...sources, fragment: null, dropIns: [], links: [] };
  const unit = build(empty, { ...context, hasUnitFile: () => false }, []);
  const diagnostics = [sources.fragment, ...sources.dropIns].flatMap((file) => file?.diagnostics ?? []);
  return { ...unit, ...why, dropInPaths: sources.dropIns.map((file) => file.file), dependencies: [], diagnostics };
}

function build(sources: UnitSources, context: BuildContext, files: readonly LexedFile[]): UnitDefinition {
  const specifierUnit = { name: sources.name, fragmentPath: sources.fragment?.file ?? null };
  const reader = readSettings(sources.name, files, specifierExpander(context.specifiers, specifierUnit));
  const draft: UnitDraft = { sources, context, reader, dependencies: new DependencyList(sources.names) };
  readDependencies(reader, draft.dependencies);
  for (const link of sources.links) draft.dependencies.add(link.kind, link.other, link.origin);
  for (const path of readMountPaths(reader, 'RequiresMountsFor')) addMounts(draft.dependencies, path, 'Requires', 'implicit', context.hasUnitFile);
  for (const path of readMountPaths(reader, 'WantsMountsFor')) addMounts(draft.dependencies, path, 'Wants', 'implicit', context.hasUnitFile);
  const kind = unitKind(sources.name);
  switch (kind) {
    case 'service': return buildService(draft);
    case 'target': return buildTarget(draft);
    case 'slice': return buildSlice(draft);
    case 'scope': return buildScope(draft);
    case 'timer': return buildTimer(draft);
    case 'path': return buildPath(draft);
    case 'socket': return buildSocket(draft);
    case 'mount': return buildMount(draft);
    case 'swap': return buildSwap(draft);
    case 'device': return buildDevice(draft);
    case 'automount': return buildAutomount(draft);
  }
}

function buildTarget(draft: UnitDraft): TargetUnit {
  const section = readUnitSection(draft.reader, draft.context.defaults, { description: draft.sources.name, ignoreOnIsolate: false });
  if (section.defaultDependencies) addShutdown(draft.dependencies);
  return { kind: 'target', ...finishCommon(draft, section, null) };
}

/** Slices that always exist and need no file: what a manager cannot be without. */
function perpetualSlice(name: UnitName, mode: 'system' | 'user'): string | null {
  if (name === ROOT_SLICE) return 'Root Slice';
  return name === SYSTEM_SLICE && mode === 'system' ? 'System Slice' : null;
}

function buildSlice(draft: UnitDraft): SliceUnit {
  const { sources, context, reader, dependencies } = draft;
  const perpetual = perpetualSlice(sources.name, context.mode);
  const section = readUnitSection(reader, context.defaults, { description: perpetual ?? `Slice ${slicePath(sources.name)}`, ignoreOnIsolate: true });
  const parent = parentSlice(sources.name);
  refuseSliceOfSlice(reader);
  if (parent !== null && isSliceName(parent)) addSlice(dependencies, parent);
  // The two that are always there outlive shutdown; ordering them before it would make it wait for ever.
  if (section.defaultDependencies && perpetual === null) addShutdown(dependencies);
  const refusal = isSliceName(sources.name) ? null : `${sources.name} cannot be the name of a slice: every part between two dashes is a slice of its own.`;
  const common = finishCommon(draft, section, refusal);
  return { kind: 'slice', ...common, cgroup: withAccess(readCgroupContext(reader, parent, null), common.recorded, null) };
}

function buildScope(draft: UnitDraft): ScopeUnit {
  const { sources, context, reader, dependencies } = draft;
  const section = readUnitSection(reader, context.defaults, { description: sources.name, ignoreOnIsolate: true });
  const slice = readSlice(reader, context.mode);
  addSlice(dependencies, slice);
  if (section.defaultDependencies) addShutdown(dependencies);
  const cgroup = readCgroupContext(reader, slice, context.defaults.tasksMax);
  const oomPolicy = readOomPolicy(reader, cgroup.delegate, context.defaults.oomPolicy);
  const common = finishCommon(draft, section, null);
  return {
    kind: 'scope',
    timeoutStopUsec: readScalar<Usec | null>(reader, 'TimeoutStopSec', parseTimeout, context.defaults.timeoutStopUsec),
    runtimeMaxUsec: readScalar<Usec | null>(reader, 'RuntimeMaxSec', parseSpan, null),
    kill: readKillContext(reader),
    cgroup: { ...withAccess(cgroup, common.recorded, null), oomGroup: oomPolicy === 'kill' },
    oomPolicy,
    ...common,
  };
}

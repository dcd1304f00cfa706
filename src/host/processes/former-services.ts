/** Services that run without a manager, because theirs was killed: they go on, or are ended where that cannot be. */
import type { UnitName } from '../../base/brand.ts';
import type { FoundService, RememberedService } from '../../core/manager/event.ts';
import { mayTakeOver } from '../../core/manager/drivers/found-service.ts';
import type { UnitDefinition } from '../../core/unit/definition.ts';
import type { ManagerLog } from '../engine.ts';
import type { NativeBinding } from '../native.ts';
import { findFormerUnits, type FormerUnit } from './former-groups.ts';
import type { ProcessTracker } from './process-tracker.ts';
import { readProcess } from './process-table.ts';
import { stopStrangers } from './stop-strangers.ts';

export interface FormerServicesOptions {
  readonly native: NativeBinding;
  readonly log: ManagerLog;
  readonly tracker: ProcessTracker;
  /** The manager's own group; null where there is none, or where what else is in it is none of the manager's business. */
  readonly cgroupRoot: string | null;
  /** Services that a soft-reboot left running on purpose. */
  readonly remembered: readonly RememberedService[];
}

export class FormerServices {
  readonly #options: FormerServicesOptions;

  constructor(options: FormerServicesOptions) {
    this.#options = options;
  }

  find(): readonly FormerUnit[] {
    const { native, cgroupRoot, remembered } = this.#options;
    const found = cgroupRoot === null ? [] : findFormerUnits(native, cgroupRoot);
    // What is remembered needs no guess; without control groups it is all that is known.
    const known = remembered.flatMap(({ unit, mainPid }): FormerUnit[] => {
      const group = found.find((each) => each.unit === unit);
      if (mainPid === null || readProcess(native, mainPid) === null) return [];
      return [group === undefined ? { unit, pids: [mainPid], mainPid, path: '' } : { ...group, mainPid }];
    });
    return [...found.filter(({ unit }) => !known.some((each) => each.unit === unit)), ...known];
  }

  /**
   * What cannot be taken over is ended, for a second copy beside it would be worse than none.
   *
   * @returns those that go on
   */
  takeOver(former: readonly FormerUnit[], definitions: readonly UnitDefinition[]): readonly FoundService[] {
    const { native, log, tracker, remembered } = this.#options;
    const definitionOf = (unit: UnitName): UnitDefinition | undefined => definitions.find(({ name }) => name === unit);
    const strangers = former.filter(({ unit, mainPid }) => !mayTakeOver(definitionOf(unit), mainPid));
    for (const { unit, pids } of strangers) log.write('warning', unit, `${unit}: ${String(pids.length)} processes of a former manager cannot be taken over, and are ended`);
    for (const pid of stopStrangers(native, strangers.flatMap(({ pids }) => pids))) {
      log.write('crit', '', `process ${String(pid)} of a former manager could not be ended`);
    }
    return former.filter((each) => !strangers.includes(each)).map(({ unit, mainPid, pids }) => {
      const definition = definitionOf(unit);
      const told = remembered.find((each) => each.unit === unit);
      if (definition !== undefined && 'cgroup' in definition) tracker.restore(unit, definition.cgroup, { pids, invocationId: told?.invocationId ?? '', mayBeKilled: false });
      return { unit, mainPid, ...(told === undefined ? {} : { remembered: told }) };
    });
  }
}

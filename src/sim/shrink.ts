/**
 * Makes a scenario that breaks a law smaller, as long as it breaks the same one: fewer actions, faults, units, lines of units, runs of
 * programs. Greedy, from large pieces to small ones; the result is no longer than it has to be, not the shortest there is.
 */
import { runScenario, SimulationFailure, type LifeOptions } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

/** Lives that are tried at most. */
const TRIES_MAX = 3000;

/** The failure a scenario ends in, or null when it breaks no law. */
export function failureOf(scenario: Scenario, options: LifeOptions = {}): SimulationFailure | null {
  try {
    runScenario(scenario, options);
    return null;
  } catch (error) {
    if (error instanceof SimulationFailure) return error;
    throw error;
  }
}

export function shrink(failure: SimulationFailure, options: LifeOptions = {}): SimulationFailure {
  let smallest = failure;
  let tries = 0;
  const attempt = (scenario: Scenario): boolean => {
    if (tries >= TRIES_MAX) return false;
    tries += 1;
    const outcome = failureOf(scenario, options);
    if (outcome?.law !== failure.law) return false;
    smallest = outcome;
    return true;
  };
  for (;;) {
    const triesBefore = smallest;
    shrinkActions();
    shrinkRecord('faults');
    shrinkRecord('files');
    shrinkRecord('programs');
    shrinkLines();
    if (smallest === triesBefore || tries >= TRIES_MAX) return smallest;
  }

  function shrinkActions(): void {
    for (let size = Math.ceil(smallest.scenario.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = smallest.scenario.actions.length - size; from >= 0; from -= size) {
        const { actions } = smallest.scenario;
        attempt({ ...smallest.scenario, actions: [...actions.slice(0, from), ...actions.slice(from + size)] });
      }
    }
  }

  function shrinkRecord(part: 'faults' | 'files' | 'programs'): void {
    for (const key of Object.keys(smallest.scenario[part])) {
      if (key === 'default.target') continue;
      const rest = Object.fromEntries(Object.entries(smallest.scenario[part]).filter(([each]) => each !== key));
      attempt({ ...smallest.scenario, [part]: rest });
    }
  }

  function shrinkLines(): void {
    for (const file of Object.keys(smallest.scenario.files)) {
      for (let line = (smallest.scenario.files[file] ?? '').split('\n').length - 1; line >= 0; line--) {
        const lines = (smallest.scenario.files[file] ?? '').split('\n');
        const text = lines[line] ?? '';
        // Without time-outs a job may go on for ever, which is another failure of the same name.
        if (text === '' || text.startsWith('[') || text.startsWith('Timeout')) continue;
        attempt({ ...smallest.scenario, files: { ...smallest.scenario.files, [file]: [...lines.slice(0, line), ...lines.slice(line + 1)].join('\n') } });
      }
    }
  }
}

import type { UnitName } from '../../base/brand.ts';
import { getEntry } from '../../base/persistent-map.ts';
import type { Engine } from '../engine.ts';

/**
 * Loads the units and calls when their definitions are in the state, at once or in a coming turn.
 *
 * @returns the end of the waiting, and of what `proceed` began; null when there is nothing to end
 */
export function afterLoading(engine: Engine, names: readonly UnitName[], proceed: () => (() => void) | null): (() => void) | null {
  const definitions = (): readonly unknown[] => names.map((name) => getEntry(engine.state().units, name)?.definition);
  const before = definitions();
  if (!engine.loadUnits(names).isNew) return proceed();
  let inner: (() => void) | null = null;
  const end = engine.onTurnEnd(() => {
    // The turn that ends may be one that was under way; all definitions come in one event.
    if (definitions().every((definition, index) => definition === before[index])) return;
    end();
    inner = proceed();
  });
  return () => {
    end();
    inner?.();
  };
}

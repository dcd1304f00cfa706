import { EXIT } from '../exit-status.ts';
import { judgeUnits } from '../judge-units.ts';
import type { Verb } from '../verb.ts';

export const isActive: Verb = {
  name: 'is-active',
  aliases: [],
  group: 'Units',
  synopsis: 'UNIT…',
  summary: 'Print whether units are active; exit status 0 if any is',
  operand: 'units',
  options: ['quiet', 'json'],
  runs: 'manager',
  run: (call) => judgeUnits(call, {
    wanted: (unit) => unit.active === 'active' || unit.active === 'reloading',
    // Source: systemctl(1), "is-active": 3 for everything that is not active, 4 when there is no such unit.
    otherwise: (units) => (units.some((unit) => unit.load !== 'not-found') ? EXIT.notActive : EXIT.noSuchUnit),
  }),
};

import { valuesOf } from '../../../base/persistent-map.ts';
import type { SocketSummary } from '../../../control/answers.ts';
import { isSocket } from '../../../core/manager/drivers/socket-record.ts';
import { listenText } from '../../../core/unit/socket.ts';
import type { Reader } from './context.ts';
import { isListed } from './unit-words.ts';

/** By address, then by unit. */
export const readSocketList: Reader<'list-sockets'> = ({ engine }, params) => {
  const sockets: SocketSummary[] = [];
  for (const unit of valuesOf(engine.state().units)) {
    if (!isSocket(unit) || !isListed(unit, params)) continue;
    for (const listen of unit.definition.listen) {
      sockets.push({
        unit: unit.name, listen: listenText(listen), type: listen.kind, activates: unit.definition.service ?? '', active: unit.activeState, sub: unit.runtime.state,
      });
    }
  }
  sockets.sort((a, b) => (a.listen < b.listen ? -1 : a.listen > b.listen ? 1 : a.unit < b.unit ? -1 : 1));
  return { ok: true, value: { sockets } };
};

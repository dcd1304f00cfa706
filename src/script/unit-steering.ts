/** Units that a script starts, stops and asks about: over the control protocol, with the rights of the script's user. */
import { ManagerConnection } from '../initctl/client/manager-connection.ts';
import type { UnitVerb } from './port.ts';

export interface Steered {
  readonly error: string | null;
  /** For `state`: systemd's ActiveState. */
  readonly value: string;
}

/** The manager's socket: the one of its mode when nothing else is said. */
function socketPath(): string {
  const given = process.env['HEARTWOOD_SOCKET'] ?? '';
  if (given !== '') return given;
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? '';
  return (process.getuid?.() ?? 0) === 0 || runtime === '' ? '/run/heartwood/control' : `${runtime}/heartwood/control`;
}

export async function steerUnit(verb: UnitVerb, unit: string): Promise<Steered> {
  const connection = await ManagerConnection.open(socketPath());
  if (typeof connection === 'string') return { error: connection, value: '' };
  const name = unit.includes('.') ? unit : `${unit}.service`;
  try {
    if (verb === 'state') {
      const reply = await connection.request('show', { units: [name], properties: ['ActiveState'] });
      return reply.ok ? { error: null, value: reply.value.units[0]?.properties['ActiveState'] ?? '' } : { error: reply.failure.message, value: '' };
    }
    const reply = await connection.request('enqueue', { type: verb, units: [name], wait: true });
    return { error: reply.ok ? null : reply.failure.message, value: '' };
  } finally {
    connection.close();
  }
}

/** The command line of heartwood-gateway. */
import { parseArgs } from 'node:util';

export const HELP = `heartwood-gateway [OPTIONS]           serve the manager over HTTP
heartwood-gateway token NAME [LEVEL]   make a token: prints it, and its line for [Tokens]
heartwood-gateway password NAME [LEVEL] read a password from standard input, and print its line for [Users]

Reads and shows by default: units, states, graph, metrics and a dashboard, on the loopback address. What else is possible, and for whom,
is said in the configuration.

  --config=FILE        the configuration (/etc/heartwood/gateway.conf; its absence means the defaults)
  --listen=ADDR:PORT   listen there instead of where Listen= says; may be given more than once
  --socket=PATH        the manager's control socket (HEARTWOOD_SOCKET, else that of the running manager)
  --user               of the manager of this user's session
  --exit-idle=SECONDS  end after so long without a connection; for a gateway that a socket unit starts
  --check              read the configuration, say what is wrong with it, and end
  --openapi            print the OpenAPI document and end
  --version, --help

Paths: /  /api/v1/…  /api/v1/openapi.json  /metrics  /healthz  /readyz
Levels: none, view (units and states), read (logs and files too), write (start and stop), manage (make units, enable, reload)
`;

export interface Options {
  readonly config: string | null;
  readonly listen: readonly string[];
  readonly socket: string | null;
  readonly user: boolean;
  readonly exitIdleSeconds: number | null;
  readonly only: 'check' | 'openapi' | 'version' | 'help' | null;
  readonly words: readonly string[];
}

/** @returns a sentence when the command line is wrong */
export function readOptions(argv: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv], allowPositionals: true,
      options: {
        config: { type: 'string' }, listen: { type: 'string', multiple: true }, socket: { type: 'string' }, user: { type: 'boolean' },
        'exit-idle': { type: 'string' }, check: { type: 'boolean' }, openapi: { type: 'boolean' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' },
      },
    });
    const idle = values['exit-idle'];
    if (idle !== undefined && !/^[1-9]\d{0,6}$/.test(idle)) return '--exit-idle: a number of seconds is wanted';
    const only = (['help', 'version', 'openapi', 'check'] as const).find((name) => values[name] === true) ?? null;
    return {
      config: values.config ?? null, listen: values.listen ?? [], socket: values.socket ?? null, user: values.user === true,
      exitIdleSeconds: idle === undefined ? null : Number(idle), only, words: positionals,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

import type { Reader } from './context.ts';

/** The manager's own block; readable by all, as with systemd: secrets do not belong there. */
export const readEnvironment: Reader<'get-environment'> = ({ engine }) => ({ ok: true, value: { environment: engine.state().environment } });

import type { Contestant } from './contestant.ts';
import { DAEMONTOOLS } from './daemontools.ts';
import { DINIT } from './dinit.ts';
import { HEARTWOOD, HEARTWOOD_WITH_LOGD } from './heartwood.ts';
import { DUMB_INIT, TINI } from './one-command.ts';
import { PM2 } from './pm2.ts';
import { RUNIT } from './runit.ts';
import { S6 } from './s6.ts';
import { SUPERVISORD } from './supervisord.ts';
import { SYSTEMD, SYSTEMD_WITH_JOURNAL } from './systemd.ts';

/** Everyone, in the order of the tables. */
export const CONTESTANTS: readonly Contestant[] = [
  HEARTWOOD, HEARTWOOD_WITH_LOGD, SYSTEMD, SYSTEMD_WITH_JOURNAL, RUNIT, S6, DINIT, SUPERVISORD, PM2, DAEMONTOOLS, TINI, DUMB_INIT,
];

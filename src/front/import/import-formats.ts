/** The formats that can be imported, by their names on the command line. */
import { DAEMONTOOLS_FORMAT } from './import-daemontools.ts';
import type { ImportFormat } from './import-format.ts';
import { MINISV_FORMAT } from './import-minisv.ts';
import { PMTR_FORMAT } from './import-pmtr.ts';
import { SEMA_FORMAT } from './import-sema.ts';
import { ZDAEMON_FORMAT } from './import-zdaemon.ts';

export const IMPORT_FORMATS: Readonly<Record<string, ImportFormat>> = {
  daemontools: DAEMONTOOLS_FORMAT,
  minisv: MINISV_FORMAT,
  pmtr: PMTR_FORMAT,
  sema: SEMA_FORMAT,
  zdaemon: ZDAEMON_FORMAT,
};

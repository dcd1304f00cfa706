/** The formats that can be imported, by their names on the command line. */
import { DAEMONTOOLS_FORMAT } from './import-daemontools.ts';
import type { ImportFormat } from './import-format.ts';
import { PMTR_FORMAT } from './import-pmtr.ts';
import { SEMA_FORMAT } from './import-sema.ts';

export const IMPORT_FORMATS: Readonly<Record<string, ImportFormat>> = {
  daemontools: DAEMONTOOLS_FORMAT,
  pmtr: PMTR_FORMAT,
  sema: SEMA_FORMAT,
};

/** `initctl import sema FILE`: the script itself is the service (ExecScript=). */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { commandWord, plainValue, unitNamePart } from '../unit-text.ts';
import { ImportError, INSTALL_SECTION, type Imported, type ImportFormat } from './import-format.ts';

export const SEMA_FORMAT: ImportFormat = { takes: 'a script', read };

function read(path: string): Imported {
  try {
    readFileSync(path);
  } catch (error) {
    throw new ImportError(path, null, (error as Error).message);
  }
  const stem = basename(path).replace(/\.(?:sema|lua|[cm]?[jt]s)$/, '');
  return {
    units: [{ name: `${unitNamePart(stem)}.service`, starts: true, text: `[Unit]\nDescription=${plainValue(path)}\n\n[Service]\nExecScript=${commandWord(path)}\n${INSTALL_SECTION}` }],
    remarks: [],
  };
}

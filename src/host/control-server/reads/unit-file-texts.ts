/** `cat`: the files of a unit as they are on disk. */
import { shownFiles } from '../../../core/unit/shown-files.ts';
import { readFileSync, statSync } from 'node:fs';
import { getEntry } from '../../../base/persistent-map.ts';
import type { CatAnswer } from '../../../control/answers.ts';
import { unitFilesOf } from '../unit-file-states.ts';
import type { Reader } from './context.ts';

/** As much as one unit file may have (10 MB files are refused by the loader too); all files of an answer together. */
const TEXT_BYTES_MAX = 4 << 20;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const OTHERS_READ = 0o004;

export const readUnitFileTexts: Reader<'cat'> = ({ engine, privileged, units }) => {
  const state = engine.state();
  const answer: CatAnswer['units'][number][] = [];
  let room = TEXT_BYTES_MAX;
  for (const name of units) {
    const definition = getEntry(state.units, name)?.definition;
    if (definition === undefined || (definition.fragmentPath === null && definition.dropInPaths.length === 0)) {
      return { ok: false, failure: { name: 'no-such-unit', message: `No files found for ${name}.`, unit: name } };
    }
    const files: CatAnswer['units'][number]['files'][number][] = [];
    for (const path of shownFiles(definition)) {
      try {
        const stat = statSync(path);
        // The manager may read more than the caller: it reads for others only what everybody can read.
        if (!privileged && (stat.mode & OTHERS_READ) === 0) {
          return { ok: false, failure: { name: 'access-denied', message: `${path} is not readable for everybody`, unit: name } };
        }
        if ((stat.mode & S_IFMT) !== S_IFREG) {
          files.push({ path, text: '' });
          continue;
        }
        room -= stat.size;
        if (room < 0) return { ok: false, failure: { name: 'answer-too-large', message: `the files have more than ${String(TEXT_BYTES_MAX)} bytes`, unit: name } };
        files.push({ path, text: readFileSync(path, 'utf8') });
      } catch (error) {
        return { ok: false, failure: { name: 'file-error', message: `${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, unit: name } };
      }
    }
    answer.push({ unit: name, files, needsReload: engine.changedOnDisk(definition) });
  }
  return { ok: true, value: { units: answer, directories: unitFilesOf(engine).writableDirectories } };
};

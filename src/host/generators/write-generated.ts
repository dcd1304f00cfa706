/** The directories that generators write to: emptied, filled by generators of our own, and tidied. */
import { mkdirSync, rmSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { GeneratedFile } from '../../core/generator/generated-file.ts';

/** The three places of generated units in the load path. Source: systemd.generator(7), "OUTPUT DIRECTORIES". */
export interface OutputDirectories {
  readonly normal: string;
  readonly early: string;
  readonly late: string;
}

export function outputDirectories(normal: string): OutputDirectories {
  return { normal, early: `${normal}.early`, late: `${normal}.late` };
}

/** Makes them anew. Returns what went wrong, or null. */
export function emptyOutput({ normal, early, late }: OutputDirectories): string | null {
  try {
    for (const directory of [normal, early, late]) {
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory, { recursive: true, mode: 0o755 });
    }
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Those with nothing in them are not looked at again and again by whoever looks for units. */
export function removeEmptyOutput({ normal, early, late }: OutputDirectories): void {
  for (const directory of [normal, early, late]) {
    try {
      rmdirSync(directory);
    } catch {
      // There is something in it.
    }
  }
}

/** Returns what could not be written. A path that is there already stays as it is: another generator was first. */
export function writeGenerated(directory: string, files: readonly GeneratedFile[]): readonly string[] {
  const problems: string[] = [];
  for (const file of files) {
    const path = `${directory}/${file.path}`;
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      if ('link' in file) symlinkSync(file.link, path);
      else writeFileSync(path, file.text, { flag: 'wx', mode: 0o644 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') problems.push(messageOf(error));
    }
  }
  return problems;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

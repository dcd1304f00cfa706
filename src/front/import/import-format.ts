/** What an importer is: it reads what another manager's users wrote and gives the units that mean the same. */

export interface ImportedUnit {
  /** File name of the unit. */
  readonly name: string;
  readonly text: string;
  /** Whether the other manager would start it: what `initctl enable` is for. */
  readonly starts: boolean;
}

/** Something that was not carried over, or not quite, and what to do. */
export interface ImportRemark {
  readonly file: string;
  /** From 1; null = the file as a whole. */
  readonly line: number | null;
  readonly text: string;
}

export interface Imported {
  readonly units: readonly ImportedUnit[];
  readonly remarks: readonly ImportRemark[];
}

/** The file cannot be understood: nothing of it is imported. */
export class ImportError extends Error {
  readonly file: string;
  readonly line: number | null;

  constructor(file: string, line: number | null, message: string) {
    super(message);
    this.file = file;
    this.line = line;
  }
}

export interface ImportFormat {
  /** What FILE is, for the usage. */
  readonly takes: string;
  /** @param path absolute @throws ImportError */
  read(path: string): Imported;
}

/** The section that says what `initctl enable` links a unit to. */
export const INSTALL_SECTION = '\n[Install]\nWantedBy=default.target\n';

/** `FILE:LINE: text`, or without a line. */
export function placeOf({ file, line }: Pick<ImportRemark, 'file' | 'line'>): string {
  return line === null ? file : `${file}:${String(line)}`;
}

/** What a generator of our own makes: unit files, drop-ins and links, as data. Source: systemd.generator(7). */

/** A path below the directory for generated units, and its text or where the link leads. */
export type GeneratedFile =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly link: string };

export interface Generated {
  /** Made in this order; the first of two with one path counts. */
  readonly files: readonly GeneratedFile[];
  /** What was passed over and why, each with file and line. */
  readonly complaints: readonly string[];
}

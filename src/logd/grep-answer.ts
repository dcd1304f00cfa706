/** A regular expression over what the query socket gives, for its client: logd runs nobody's, since a hostile one would keep it busy. */
import { readFields } from './read-fields.ts';
import { renderEntry, type RenderOptions } from './render.ts';

export interface GrepOptions extends Omit<RenderOptions, 'hostname'> {
  readonly grep: RegExp;
}

/**
 * @returns takes the pieces of an answer in format `json` as they come, and gives the entries that match, each rendered as asked;
 *   holds back at most one unfinished entry
 */
export function grepAnswer({ grep, ...options }: GrepOptions): (piece: Uint8Array) => readonly Buffer[] {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    const end = rest.lastIndexOf(0x0a) + 1;
    const texts = rest.toString('utf8', 0, end).split('\n').filter((text) => text !== '');
    rest = rest.subarray(end);
    return texts.flatMap((text) => {
      const { entry, hostname } = readFields(JSON.parse(text) as Record<string, unknown>);
      return grep.test(entry.text.toString('utf8')) ? [Buffer.from(renderEntry(entry, { ...options, hostname }))] : [];
    });
  };
}

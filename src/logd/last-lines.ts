/** The last lines of one unit as text, for those who want them in memory. */
import type { Catalog } from './catalog.ts';
import { ChangeCollector } from './changes.ts';
import { answerQuery, DEFAULT_QUERY } from './query.ts';

/** How far back the manager's own log is searched for lines about the unit, in segments: the newest, and the one before it. */
const MANAGER_SEGMENTS_MAX = 2;

/** @returns oldest first, each with its time, without the newline; those of the manager about the unit are among them */
export async function readLastLines(catalog: Catalog, unit: string, count: number): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  const query = { ...DEFAULT_QUERY, units: [unit], lines: count, format: 'short-iso-precise', showHostname: false } as const;
  await answerQuery(query, { catalog, collector: new ChangeCollector(), onChains: () => undefined, managerSegmentsMax: MANAGER_SEGMENTS_MAX }, {
    signal: new AbortController().signal,
    write: (bytes) => {
      // The writer uses its buffer again.
      chunks.push(Buffer.from(bytes));
      return undefined;
    },
  });
  const text = Buffer.concat(chunks).toString();
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** What a batch of random lives came to, as words for people and as lines of JSON for programs. */
import type { Tally } from './batch.ts';

/** A tally and what it took. */
export interface LivesReport {
  readonly tally: Tally;
  readonly elapsedMsec: number;
  /** Of all processes together. */
  readonly processorMsec: number;
}

/** Lives and events, and the rate by wall clock and by processor time: on a busy machine only the second says something. */
export function reportLine(verdict: string, { tally, elapsedMsec, processorMsec }: LivesReport): string {
  const rate = (msec: number): string => String(Math.round((tally.steps / Math.max(msec, 1)) * 1000));
  return `${verdict}: ${String(tally.lives)} lives, ${String(tally.steps)} events, ${rate(elapsedMsec)} a second, ${rate(processorMsec)} a second of processor time`;
}

export function countsText(title: string, counts: ReadonlyMap<string, number>): string {
  return [`${title}:`, ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `  ${what.padEnd(30)} ${String(count)}`)].join('\n');
}

/** One line. */
export function formatReport({ tally, elapsedMsec, processorMsec }: LivesReport): string {
  const { lives, steps, faults, reached } = tally;
  return JSON.stringify({ lives, events: steps, elapsedMsec: Math.round(elapsedMsec), processorMsec: Math.round(processorMsec), faults: Object.fromEntries(faults), reached: Object.fromEntries(reached) });
}

/** @param line as `formatReport` made it */
export function parseReport(line: string): LivesReport {
  const { lives, events, elapsedMsec, processorMsec, faults, reached } = JSON.parse(line) as { readonly lives: number; readonly events: number; readonly elapsedMsec: number; readonly processorMsec: number; readonly faults: Record<string, number>; readonly reached: Record<string, number> };
  return { tally: { lives, steps: events, faults: new Map(Object.entries(faults)), reached: new Map(Object.entries(reached)) }, elapsedMsec, processorMsec };
}

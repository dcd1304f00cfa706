/** The boot as people read it: spans, the chain that decided how long it took, and a picture. */
import type { BootChartAnswer } from '../../control/answers.ts';
import { formatTimeSpan } from '../../core/time/time-span.ts';

type Charted = BootChartAnswer['units'][number];

/** Finer than a millisecond nothing is told apart by people. */
const ACCURACY_USEC = 1000;

export function spanText(usec: number): string {
  return formatTimeSpan(Math.max(0, usec) as never, ACCURACY_USEC as never);
}

/** How long the unit took to be ready; null = it is not. */
export function startupUsec(unit: Charted): number | null {
  return unit.readyUsec === null ? null : unit.readyUsec - unit.beganUsec;
}

export interface ChainLink {
  readonly unit: string;
  readonly readyUsec: number;
  readonly tookUsec: number;
}

/**
 * From the unit back to the first one: each time the predecessor that was ready last and only then let it begin.
 * Source: systemd-analyze(1), critical-chain.
 */
export function criticalChain(chart: BootChartAnswer, from: string): ChainLink[] {
  const byName = new Map(chart.units.map((unit) => [unit.unit, unit]));
  const chain: ChainLink[] = [];
  const seen = new Set<string>();
  for (let at = byName.get(from); at !== undefined && !seen.has(at.unit);) {
    seen.add(at.unit);
    const ready = at.readyUsec ?? at.beganUsec;
    chain.push({ unit: at.unit, readyUsec: ready, tookUsec: ready - at.beganUsec });
    const limit = at.beganUsec;
    let last: Charted | undefined;
    for (const name of at.after) {
      const other = byName.get(name);
      if (other === undefined || other.readyUsec === null || other.readyUsec > limit || seen.has(name)) continue;
      if (last === undefined || other.readyUsec > (last.readyUsec ?? 0)) last = other;
    }
    at = last;
  }
  return chain;
}

const ROW_PX = 20;
const LEFT_PX = 10;
const TOP_PX = 50;
const CHART_PX = 1000;
/** Room for the name of a unit that begins at the very end. */
const LABEL_PX = 400;
/** About as many lines as a ruler may have before it is a hatching. */
const TICKS_MAX = 20;

/** An SVG: a bar for every unit, darker while it starts, lighter while it is up. */
export function bootPicture(chart: BootChartAnswer): string {
  const end = Math.max(1, chart.finishedUsec ?? 0, ...chart.units.map((unit) => unit.readyUsec ?? unit.beganUsec));
  const units = chart.units.filter((unit) => unit.beganUsec <= end);
  const x = (usec: number): string => (LEFT_PX + (Math.min(Math.max(usec, 0), end) / end) * CHART_PX).toFixed(1);
  const height = TOP_PX + units.length * ROW_PX + ROW_PX;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(LEFT_PX + CHART_PX + LABEL_PX)}" height="${String(height)}" font-family="sans-serif" font-size="12">`,
    '<style>.start{fill:#c44}.up{fill:#cdc}.failed{fill:#f7a}.tick{stroke:#ddd}.end{stroke:#484}</style>',
    `<text x="${String(LEFT_PX)}" y="20" font-size="16">${escapeXml(chart.root)}: ${chart.finishedUsec === null ? 'still booting' : `booted in ${spanText(chart.finishedUsec)}`}</text>`,
  ];
  const step = tickUsec(end);
  for (let usec = 0; usec <= end; usec += step) {
    lines.push(`<line class="tick" x1="${x(usec)}" x2="${x(usec)}" y1="${String(TOP_PX - 10)}" y2="${String(height)}"/><text x="${x(usec)}" y="${String(TOP_PX - 14)}" font-size="10">${spanText(usec)}</text>`);
  }
  if (chart.finishedUsec !== null) lines.push(`<line class="end" x1="${x(chart.finishedUsec)}" x2="${x(chart.finishedUsec)}" y1="${String(TOP_PX - 10)}" y2="${String(height)}"/>`);
  units.forEach((unit, index) => {
    const y = TOP_PX + index * ROW_PX;
    const bar = (kind: string, from: number, to: number): string =>
      `<rect class="${kind}" x="${x(from)}" y="${String(y)}" width="${Math.max(1, Number(x(to)) - Number(x(from))).toFixed(1)}" height="${String(ROW_PX - 4)}"/>`;
    const ready = unit.readyUsec ?? end;
    if (unit.readyUsec !== null && (unit.endedUsec ?? end) > ready) lines.push(bar('up', ready, unit.endedUsec ?? end));
    lines.push(bar(unit.active === 'failed' ? 'failed' : 'start', unit.beganUsec, ready));
    const took = startupUsec(unit);
    lines.push(`<text x="${(Number(x(unit.beganUsec)) + 4).toFixed(1)}" y="${String(y + ROW_PX - 8)}">${escapeXml(unit.unit)}${took === null || took < ACCURACY_USEC ? '' : ` (${spanText(took)})`}</text>`);
  });
  return [...lines, '</svg>'].join('\n');
}

/** A round span of which at most TICKS_MAX fit. */
function tickUsec(end: number): number {
  for (let step = 1000; ; step *= 10) for (const factor of [1, 2, 5]) if (end / (step * factor) <= TICKS_MAX) return step * factor;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

import type { Contestant } from './contestants/contestant.ts';
import { writeGoals } from './goals.ts';
import type { Load, Metric } from './loads/load.ts';
import { summarise, type Summary } from './statistics.ts';
import type { Outcomes } from './tournament.ts';

/** Ratios are to this contestant, the one whose features Heartwood's are compared with. */
const YARDSTICK = 'systemd';
/** In loads where the yardstick sits out, its variant stands in. */
const YARDSTICK_VARIANT = 'systemd+journald';

/** Everything a report is written from. */
export interface Findings {
  readonly machine: string;
  readonly contestants: readonly Contestant[];
  /** Contestants that could not be had, with the reason. */
  readonly absent: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<Load, Outcomes>;
  readonly quick: boolean;
}

/** The summary of a metric for a contestant; `null` when it was not measured. */
export function summaryOf(outcomes: Outcomes, name: string, key: string): Summary | null {
  const outcome = outcomes.get(name);
  return outcome?.kind === 'measured' ? summarise(outcome.samples.get(key) ?? []) : null;
}

/** The whole report in Markdown. */
export function writeReport(findings: Findings): string {
  const versions = findings.contestants.map((contestant) => `${contestant.name} ${contestant.version()}`);
  return [
    '# Measured',
    '',
    `${findings.machine}.`,
    '',
    `Contestants: ${versions.join(', ')}.`,
    ...[...findings.absent].map(([name, reason]) => `Not here: ${name}, ${reason}.`),
    '',
    'Each contestant is PID 1 of its own container: private pid, mount, uts, ipc, net and control-group namespaces, an overlay',
    'of the root file system, configuration and logs on a tmpfs. Rounds go over all contestants, forwards and backwards in turn.',
    'Figures are medians, in brackets the smallest and the largest sample; "x" is the ratio of the first column to systemd in',
    'the same run. Differences under a fifth say nothing on a shared machine.',
    ...(findings.quick ? ['', 'A quick run: few rounds, short waits, smaller counts.'] : []),
    ...writeJudgement(findings),
    ...writeOverview(findings),
    ...[...findings.results].flatMap(([load, outcomes]) => writeLoad(load, outcomes, findings.contestants)),
    '',
  ].join('\n');
}

function writeJudgement({ results }: Findings): string[] {
  const goals = writeGoals((name) => [...results].find(([load]) => load.name === name)?.[1]);
  return goals.length === 0 ? [] : ['', '## Goals', '', ...goals];
}

/** One row for each load's headline, one column for each contestant that took part in two loads or more. */
function writeOverview({ results, contestants }: Findings): string[] {
  const measuredIn = (name: string): number => [...results].filter(([, outcomes]) => outcomes.get(name)?.kind === 'measured').length;
  const columns = contestants.filter(({ name }) => measuredIn(name) > Math.min(1, results.size - 1));
  const rows = [...results].flatMap(([load, outcomes]) => load.metrics.map((metric) => {
    const cells = columns.map(({ name }) => {
      const summary = summaryOf(outcomes, name, metric.key);
      return summary === null ? '' : summary.median.toFixed(metric.digits);
    });
    return `| ${load.title}: ${titleOf(metric)} | ${cells.join(' | ')} |`;
  }));
  return ['', '## Overview', '', `| | ${columns.map(({ name }) => name).join(' | ')} |`, `|---|${'---:|'.repeat(columns.length)}`, ...rows];
}

function writeLoad(load: Load, outcomes: Outcomes, contestants: readonly Contestant[]): string[] {
  const headline = load.metrics[0];
  if (headline === undefined) return [];
  const yardstick = summaryOf(outcomes, YARDSTICK, headline.key) ?? summaryOf(outcomes, YARDSTICK_VARIANT, headline.key);
  const measured = contestants
    .flatMap(({ name }) => {
      const summary = summaryOf(outcomes, name, headline.key);
      return summary === null ? [] : [{ name, median: summary.median }];
    })
    .sort((a, b) => (headline.better === 'lower' ? a.median - b.median : b.median - a.median));
  const rows = measured.map(({ name, median }) => {
    const ratio = yardstick === null || yardstick.median === 0 ? '' : (median / yardstick.median).toFixed(2);
    const cells = load.metrics.map((metric) => writeCell(summaryOf(outcomes, name, metric.key), metric));
    return `| ${name} | ${ratio} | ${cells.join(' | ')} |`;
  });
  const remarks = contestants.flatMap(({ name }) => {
    const outcome = outcomes.get(name);
    if (outcome?.kind === 'failed') return [`- ${name} failed: ${outcome.reason.split('\n')[0] ?? ''}`];
    return outcome?.kind === 'sat-out' ? [`- ${name} sits out: ${outcome.reason}`] : [];
  });
  return [
    '', `## ${load.title}`, '', load.explanation, '',
    `| | x | ${load.metrics.map(titleOf).join(' | ')} |`, `|---|---:|${'---:|'.repeat(load.metrics.length)}`, ...rows,
    ...(remarks.length === 0 ? [] : ['', ...remarks]),
  ];
}

function titleOf(metric: Metric): string {
  return metric.unit === '' ? metric.title : `${metric.title}, ${metric.unit}`;
}

function writeCell(summary: Summary | null, { digits }: Metric): string {
  if (summary === null) return '';
  const median = summary.median.toFixed(digits);
  return summary.count === 1 ? median : `${median} (${summary.min.toFixed(digits)}-${summary.max.toFixed(digits)})`;
}

import type { LoadName } from './loads/load-name.ts';
import { summarise } from './statistics.ts';
import type { Outcomes } from './tournament.ts';

const HEARTWOOD = 'heartwood';
const HEARTWOOD_WITH_LOGD = 'heartwood+logd';

/** What a goal is judged by: the median of a metric, of Heartwood and of one it is compared with. */
interface Goal {
  readonly text: string;
  readonly load: LoadName;
  readonly metric: string;
  readonly of: string;
  /** Whose median Heartwood's is divided by; `null` for a goal in absolute units. */
  readonly against: string | null;
  readonly limit: number;
  readonly wants: 'at most' | 'at least';
}

const GOALS: readonly Goal[] = [
  { text: 'boot of 1000 in half of systemd\'s time', load: 'boot-1000', metric: 'last', of: HEARTWOOD, against: 'systemd', limit: 0.5, wants: 'at most' },
  { text: 'boot of 1000 ahead of runit', load: 'boot-1000', metric: 'last', of: HEARTWOOD, against: 'runit', limit: 1, wants: 'at most' },
  { text: 'boot of 100 ahead of systemd', load: 'boot-100', metric: 'last', of: HEARTWOOD, against: 'systemd', limit: 1, wants: 'at most' },
  { text: 'first of ten services runs 60 ms after the execution of PID 1', load: 'boot-10', metric: 'first', of: HEARTWOOD, against: null, limit: 60, wants: 'at most' },
  { text: 'chain of 100 ahead of systemd', load: 'chain', metric: 'last', of: HEARTWOOD, against: 'systemd', limit: 1, wants: 'at most' },
  { text: 'restart after kill -9 in less than twice runit\'s time', load: 'restart', metric: 'latency', of: HEARTWOOD, against: 'runit', limit: 2, wants: 'at most' },
  { text: '`initctl status` no slower than `systemctl status`', load: 'control', metric: 'status', of: HEARTWOOD, against: 'systemd', limit: 1, wants: 'at most' },
  { text: 'no more zombies than under tini', load: 'orphans', metric: 'zombies', of: HEARTWOOD, against: 'tini', limit: 1, wants: 'at most' },
  { text: 'shutdown of 100 in a quarter of systemd\'s time', load: 'stop', metric: 'gone', of: HEARTWOOD, against: 'systemd', limit: 0.25, wants: 'at most' },
  { text: 'log ahead of svlogd', load: 'log', metric: 'rate', of: HEARTWOOD_WITH_LOGD, against: 'runit', limit: 1, wants: 'at least' },
  { text: 'log ten times as fast as journald', load: 'log', metric: 'rate', of: HEARTWOOD_WITH_LOGD, against: 'systemd+journald', limit: 10, wants: 'at least' },
  { text: 'no line lost', load: 'log', metric: 'lost', of: HEARTWOOD_WITH_LOGD, against: null, limit: 0, wants: 'at most' },
  { text: 'no wake-up in an idle minute', load: 'idle', metric: 'wakeups', of: HEARTWOOD, against: null, limit: 0, wants: 'at most' },
  { text: 'no CPU in an idle minute (ms)', load: 'idle', metric: 'cpu', of: HEARTWOOD, against: null, limit: 0, wants: 'at most' },
  { text: '12 MiB of private dirty memory with 100 services', load: 'idle', metric: 'dirty', of: HEARTWOOD, against: null, limit: 12, wants: 'at most' },
  { text: 'answers again 0.25 s after a death with 100 services (ms)', load: 'dark-100', metric: 'dark', of: HEARTWOOD, against: null, limit: 250, wants: 'at most' },
  { text: 'answers again 0.5 s after a death with 1000 services (ms)', load: 'dark-1000', metric: 'dark', of: HEARTWOOD, against: null, limit: 500, wants: 'at most' },
  { text: 'checkpointing under 5 % of the boot of 1000 (%)', load: 'checkpoint', metric: 'share', of: HEARTWOOD, against: null, limit: 5, wants: 'at most' },
  { text: 'checkpointing under 50 µs an event', load: 'checkpoint', metric: 'restart-event', of: HEARTWOOD, against: null, limit: 50, wants: 'at most' },
];

/**
 * The goals that this run can judge, as rows of a Markdown table; empty when it can judge none.
 * @param outcomesOf what a load yielded; `undefined` when it was not part of the run
 */
export function writeGoals(outcomesOf: (load: LoadName) => Outcomes | undefined): string[] {
  const rows = GOALS.flatMap((goal) => {
    const outcomes = outcomesOf(goal.load);
    const own = outcomes && median(outcomes, goal.of, goal.metric);
    const other = goal.against === null ? 1 : outcomes && median(outcomes, goal.against, goal.metric);
    if (own === undefined || other === undefined) return [];
    const value = goal.against === null ? own : ratio(own, other);
    const isReached = goal.wants === 'at most' ? value <= goal.limit : value >= goal.limit;
    const by = goal.against === null ? '' : ` x ${goal.against}`;
    return [`| ${goal.text} | ${goal.wants} ${goal.limit}${by} | ${round(value)}${by} | ${isReached ? 'yes' : '**no**'} |`];
  });
  return rows.length === 0 ? [] : ['| goal | limit | measured | reached |', '|---|---|---|---|', ...rows];
}

function median(outcomes: Outcomes, name: string, metric: string): number | undefined {
  const outcome = outcomes.get(name);
  return outcome?.kind === 'measured' ? summarise(outcome.samples.get(metric) ?? [])?.median : undefined;
}

/** Nothing against nothing is even; the load of zombies may well yield it. */
function ratio(own: number, other: number): number {
  return own === other ? 1 : own / other;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

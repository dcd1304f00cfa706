/** The last run of each command line of a unit: for `status` and `show`. */
import type { Pid } from '../../base/brand.ts';
import type { ClockReading } from '../../base/time.ts';
import type { ExecRecord } from '../manager/state.ts';
import type { ExecRole } from '../unit/exec-context.ts';

interface WithExecs {
  readonly execs: readonly ExecRecord[];
}

/** Notes that a command runs as `pid`. A record of the same command line is replaced. */
export function recordStart<Run extends WithExecs>(c: { readonly now: ClockReading }, run: Run, role: ExecRole, index: number, pid: Pid): Run {
  const record: ExecRecord = {
    role, index, pid, startRealtimeUsec: c.now.realtimeUsec, startMonotonicUsec: c.now.monotonicUsec, exit: null,
  };
  const at = run.execs.findIndex((each) => each.role === role && each.index === index);
  const execs = at < 0 ? [...run.execs, record] : run.execs.map((each, i) => (i === at ? record : each));
  return { ...run, execs };
}

/** Notes how the command that ran as `pid` ended; returns the record too. */
export function recordExit<Run extends WithExecs>(
  c: { readonly now: ClockReading }, run: Run, pid: Pid, exit: { readonly code: 'exited' | 'killed' | 'dumped'; readonly status: number },
): readonly [Run, ExecRecord | null] {
  const at = run.execs.findIndex((each) => each.pid === pid && each.exit === null);
  const old = run.execs[at];
  if (old === undefined) return [run, null];
  const record: ExecRecord = { ...old, exit: { code: exit.code, status: exit.status, realtimeUsec: c.now.realtimeUsec, monotonicUsec: c.now.monotonicUsec } };
  return [{ ...run, execs: run.execs.map((each, i) => (i === at ? record : each)) }, record];
}

/** The manager's own block of variables, which every service gets: from its configuration, from clients and from generators. */
import type { Turn } from './turn.ts';

function nameOf(assignment: string): string {
  const at = assignment.indexOf('=');
  return at < 0 ? assignment : assignment.slice(0, at);
}

/** `unset` has names, or assignments that are removed only as they are. */
export function mergeEnvironment(old: readonly string[], assignments: readonly string[], unset: readonly string[]): readonly string[] {
  const gone = new Set([...unset, ...assignments.map(nameOf)]);
  return [...old.filter((each) => !gone.has(nameOf(each)) && !gone.has(each)), ...assignments];
}

/** Environment generators were run. What a client has set or unset since their last run stays as the client wants it. */
export function onGeneratedEnvironment(turn: Turn, assignments: readonly string[]): void {
  const former = new Map(turn.generatedEnvironment.map((each) => [nameOf(each), each]));
  const current = new Map(turn.environment.map((each) => [nameOf(each), each]));
  const isTheirs = (name: string): boolean => former.get(name) === current.get(name);
  const latest = new Map(assignments.map((each) => [nameOf(each), each]));
  const gone = [...former.keys()].filter((name) => !latest.has(name) && isTheirs(name));
  // The first run overrides what the manager was started with.
  const fresh = [...latest].filter(([name]) => former.size === 0 || isTheirs(name)).map(([, each]) => each);
  turn.environment = mergeEnvironment(turn.environment, fresh, gone);
  turn.generatedEnvironment = [...latest.values()];
}

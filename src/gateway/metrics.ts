/** What Prometheus scrapes. Source: prometheus.io, "Text-based format". */
import { openStreams } from './http/event-stream.ts';
import { METRIC_UNITS_MAX } from './limits.ts';
import type { ManagerLink } from './manager-link.ts';

/** Counted by the gateway itself. */
export interface RequestCounts {
  /** By status. */
  readonly byStatus: ReadonlyMap<number, number>;
}

type Labels = Readonly<Record<string, string>>;
interface Sample { readonly labels: Labels; readonly value: number }

const ACTIVE_STATES = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating', 'maintenance'] as const;
const PROPERTIES = ['MemoryCurrent', 'CPUUsageNSec', 'TasksCurrent', 'NRestarts'] as const;
const NSEC_PER_SECOND = 1e9;
const USEC_PER_SECOND = 1e6;

function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = samples.map(({ labels, value }) => {
    const inside = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`).join(',');
    return `${name}${inside === '' ? '' : `{${inside}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

export async function renderMetrics(link: ManagerLink, counts: RequestCounts): Promise<string> {
  const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
  const [manager, { units }] = await Promise.all([link.ask('manager', {}), link.ask('list-units', { all: true })]);
  const services = units.filter(({ unit }) => unit.endsWith('.service')).slice(0, METRIC_UNITS_MAX);
  const running = services.filter(({ active }) => active !== 'inactive').map(({ unit }) => unit);
  const shown = running.length === 0 ? [] : (await link.ask('show', { units: running, properties: [...PROPERTIES, 'Id'] })).units;
  const numbers = (property: string, scale = 1): readonly Sample[] => shown.flatMap(({ unit, properties }) => {
    const text = properties[property] ?? '';
    // What is not known is `[not set]`, or the largest number there is.
    return /^\d{1,18}$/.test(text) ? [{ labels: { unit: properties['Id'] ?? unit }, value: Number(text) / scale }] : [];
  });
  const counted = new Map<string, number>(ACTIVE_STATES.map((state) => [state, 0]));
  for (const { active } of units) counted.set(active, (counted.get(active) ?? 0) + 1);
  return [
    family('heartwood_info', 'gauge', 'The manager.', [{ labels: { version: manager.version, mode: manager.mode, state: manager.state }, value: 1 }]),
    family('heartwood_start_time_seconds', 'gauge', 'When the manager started.', one(manager.startedUsec / USEC_PER_SECOND)),
    family('heartwood_boot_duration_seconds', 'gauge', 'From the start of the manager to the end of the boot.', manager.bootDurationUsec === null ? [] : one(manager.bootDurationUsec / USEC_PER_SECOND)),
    family('heartwood_jobs', 'gauge', 'Jobs that are waiting or running.', one(manager.jobs)),
    family('heartwood_processes', 'gauge', 'Processes of units.', one(manager.processes)),
    family('heartwood_units', 'gauge', 'Loaded units by their active state.', [...counted].map(([state, value]) => ({ labels: { state }, value }))),
    family('heartwood_unit_active', 'gauge', 'Whether a service is active.', services.map(({ unit, active }) => ({ labels: { unit }, value: active === 'active' || active === 'reloading' ? 1 : 0 }))),
    family('heartwood_unit_failed', 'gauge', 'Whether a service has failed.', services.map(({ unit, active }) => ({ labels: { unit }, value: active === 'failed' ? 1 : 0 }))),
    family('heartwood_unit_restarts_total', 'counter', 'Automatic restarts of a service.', services.map(({ unit, restarts }) => ({ labels: { unit }, value: restarts }))),
    family('heartwood_unit_memory_bytes', 'gauge', 'Memory of a service that is up.', numbers('MemoryCurrent')),
    family('heartwood_unit_cpu_seconds_total', 'counter', 'Processor time of a service that is up.', numbers('CPUUsageNSec', NSEC_PER_SECOND)),
    family('heartwood_unit_tasks', 'gauge', 'Tasks of a service that is up.', numbers('TasksCurrent')),
    family('heartwood_gateway_requests_total', 'counter', 'Requests answered by the gateway.', [...counts.byStatus].sort(([a], [b]) => a - b).map(([status, value]) => ({ labels: { status: String(status) }, value }))),
    family('heartwood_gateway_streams', 'gauge', 'Event streams that are open.', one(openStreams())),
  ].join('');
}

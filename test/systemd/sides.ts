/** The two managers that are compared: each as PID 1 of namespaces with a root of its own, with the same unit files. */
import { existsSync, readFileSync } from 'node:fs';
import { CHECKOUT_INSIDE, Rig, UNITS_INSIDE, whyNoNamespaces, type RigOptions } from '../namespace/rig.ts';

const SYSTEMD = '/lib/systemd/systemd';
const SYSTEMCTL = '/bin/systemctl';

export interface Side {
  readonly name: 'systemd' | 'heartwood';
  readonly rig: Rig;
  /** The systemctl that speaks to it, by its path inside. */
  readonly systemctl: string;
}

export type SideInputs = Required<Pick<RigOptions, 'units' | 'files'>>;

/** Why there is nothing to compare with here; null when there is. */
export function whyNoSystemd(): string | null {
  const namespaces = whyNoNamespaces();
  if (namespaces !== null) return namespaces;
  if (!existsSync(SYSTEMD)) return 'systemd is missing: sudo apt-get install systemd';
  if (!readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup2 ')) return 'systemd needs a cgroup v2 hierarchy';
  return null;
}

/**
 * Boots both into `compare.target`, which names all the units: systemd forgets a unit that has stopped unless a loaded one names it, and
 * what is left of its run could not be compared then.
 *
 * @param named units that are not to be forgotten
 */
export async function bootSides({ units, files }: SideInputs, named: readonly string[]): Promise<readonly [systemd: Side, heartwood: Side]> {
  const target = `[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n${named.map((name) => `After=${name}\n`).join('')}`;
  const inputs: SideInputs = { units: { 'compare.target': target, ...units }, files: { '/t/.keep': { text: '' }, '/generators/.keep': { text: '' }, ...files } };
  const sides = await Promise.all([bootSystemd(inputs), bootHeartwood(inputs)]);
  for (const { rig, systemctl } of sides) {
    await rig.until(async () => ['running', 'degraded'].includes((await rig.run([systemctl, 'is-system-running'])).stdout.trim()), { what: 'the boot to end' });
  }
  return sides;
}

async function bootSystemd(inputs: SideInputs): Promise<Side> {
  const rig = await Rig.boot({
    ...inputs,
    manager: [SYSTEMD, '--system', '--unit=compare.target', '--log-target=console', '--log-level=notice', '--show-status=no'],
    env: {
      SYSTEMD_UNIT_PATH: `${UNITS_INSIDE}:${CHECKOUT_INSIDE}/units/system`, SYSTEMD_GENERATOR_PATH: '/generators', SYSTEMD_ENVIRONMENT_GENERATOR_PATH: '/generators',
    },
  });
  return { name: 'systemd', rig, systemctl: SYSTEMCTL };
}

async function bootHeartwood(inputs: SideInputs): Promise<Side> {
  const rig = await Rig.boot({ ...inputs, args: ['--unit', 'compare.target'] });
  return { name: 'heartwood', rig, systemctl: `${CHECKOUT_INSIDE}/bin/systemctl` };
}

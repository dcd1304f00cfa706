/** What generators are told of where they run. Source: systemd.generator(7), "ENVIRONMENT". */
import type { ConditionHost } from '../conditions/condition-host.ts';
import { architectureName, isFirstBoot } from '../conditions/machine-conditions.ts';
import { detectVirtualization } from '../conditions/virtualization.ts';

export function generatorFacts(host: ConditionHost, scope: 'system' | 'user'): readonly string[] {
  const virtualization = detectVirtualization(host);
  return [
    ...(scope === 'system' ? ['SYSTEMD_IN_INITRD=0', `SYSTEMD_FIRST_BOOT=${isFirstBoot(host) ? '1' : '0'}`] : []),
    ...(virtualization === null ? [] : [`SYSTEMD_VIRTUALIZATION=${virtualization.class}:${virtualization.name}`]),
    `SYSTEMD_ARCHITECTURE=${architectureName(host)}`,
  ];
}

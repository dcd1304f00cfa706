/** Are we in a container or a virtual machine, and in which: the answers of systemd-detect-virt(1), for those met in practice. */
import type { ConditionHost } from './condition-host.ts';

export interface Virtualization {
  readonly class: 'vm' | 'container';
  readonly name: string;
}

/** Vendor strings in DMI fields to names. */
const DMI_VENDORS: readonly (readonly [string, string])[] = [
  ['KVM', 'kvm'], ['OpenStack', 'kvm'], ['KubeVirt', 'kvm'], ['Amazon EC2', 'amazon'], ['QEMU', 'qemu'], ['VMware', 'vmware'], ['VMW', 'vmware'],
  ['innotek GmbH', 'oracle'], ['VirtualBox', 'oracle'], ['Xen', 'xen'], ['Bochs', 'bochs'], ['Parallels', 'parallels'], ['BHYVE', 'bhyve'],
  ['Hyper-V', 'microsoft'], ['Apple Virtualization', 'apple'], ['Google Compute Engine', 'google'],
];

const CONTAINERS: ReadonlySet<string> = new Set([
  'systemd-nspawn', 'lxc-libvirt', 'lxc', 'openvz', 'docker', 'podman', 'rkt', 'wsl', 'proot', 'pouch', 'container-other',
]);

/** A name nobody knows is no name a unit file could ask for. */
function knownContainer(name: string): string {
  return CONTAINERS.has(name) ? name : 'container-other';
}

function detectContainer(host: ConditionHost): string | null {
  const own = host.environment('container');
  if (own !== undefined && own !== '') return knownContainer(own);
  const mark = host.readText('/run/systemd/container')?.trim();
  if (mark !== undefined && mark !== '') return knownContainer(mark);
  const ofInit = /(?:^|\0)container=([^\0]+)/.exec(host.readText('/proc/1/environ') ?? '')?.[1];
  if (ofInit !== undefined) return knownContainer(ofInit);
  if (host.facts('/run/.containerenv') !== null) return 'podman';
  if (host.facts('/.dockerenv') !== null) return 'docker';
  if (/WSL|Microsoft/.test(host.readText('/proc/sys/kernel/osrelease') ?? '')) return 'wsl';
  return null;
}

function detectVm(host: ConditionHost): string | null {
  for (const field of ['product_name', 'sys_vendor', 'board_vendor', 'bios_vendor', 'product_version']) {
    const value = host.readText(`/sys/class/dmi/id/${field}`) ?? '';
    const found = DMI_VENDORS.find(([vendor]) => value.startsWith(vendor));
    if (found !== undefined) return found[1];
  }
  if (host.readText('/sys/hypervisor/type')?.trim() === 'xen') return 'xen';
  const flags = (host.readText('/proc/cpuinfo') ?? '').split('\n').find((line) => line.startsWith('flags')) ?? '';
  return / hypervisor( |$)/.test(flags) ? 'vm-other' : null;
}

/** The innermost kind, a container before the machine it runs on; null on bare metal. */
export function detectVirtualization(host: ConditionHost): Virtualization | null {
  const container = detectContainer(host);
  if (container !== null) return { class: 'container', name: container };
  const vm = detectVm(host);
  return vm === null ? null : { class: 'vm', name: vm };
}

export function isContainer(host: ConditionHost): boolean {
  return detectContainer(host) !== null;
}

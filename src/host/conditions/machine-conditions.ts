/** Conditions about the machine, its kernel and the system installed on it. */
import type { ConditionHost } from './condition-host.ts';
import type { ConditionTest, Verdict } from './path-conditions.ts';
import { compareVersions, holdsFor, splitOperator } from './comparison.ts';
import { patternToRegExp } from '../watching/shell-pattern.ts';
import { detectVirtualization, isContainer } from './virtualization.ts';

/** uname's machine names to systemd's architecture names. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x86-64', i386: 'x86', i486: 'x86', i586: 'x86', i686: 'x86', aarch64: 'arm64', aarch64_be: 'arm64-be', armv7l: 'arm', armv6l: 'arm', arm: 'arm',
  ppc: 'ppc', ppc64: 'ppc64', ppc64le: 'ppc64-le', s390: 's390', s390x: 's390x', riscv32: 'riscv32', riscv64: 'riscv64', loongarch64: 'loongarch64', mips: 'mips', mips64: 'mips64',
};

/** Words of the kernel command line, quoted ones whole. */
export function commandLineWords(text: string): readonly string[] {
  return (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

/** As ConditionArchitecture= names it. */
export function architectureName(host: ConditionHost): string {
  return ARCHITECTURES[host.machine] ?? host.machine;
}

function architecture(host: ConditionHost, parameter: string): Verdict {
  const native = architectureName(host);
  return parameter === 'native' || parameter === native;
}

function kernelCommandLine(host: ConditionHost, parameter: string): Verdict {
  const words = commandLineWords(host.readText(isContainer(host) ? '/proc/1/cmdline' : '/proc/cmdline') ?? '');
  return parameter.includes('=') ? words.includes(parameter) : words.some((word) => word === parameter || word.startsWith(`${parameter}=`));
}

/** Several expressions may be given, all must hold: `>=5.4 <6`. */
function kernelVersion(host: ConditionHost, parameter: string): Verdict {
  const words = (parameter.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', '')).join(' ');
  const expressions = words.match(/(?:[<>=!]+\s*)?\S+/g) ?? [];
  if (expressions.length === 0) return 'no version given';
  return expressions.every((expression) => {
    const comparison = splitOperator(expression);
    return comparison === null ? patternToRegExp(expression).test(host.kernelRelease) : holdsFor(comparison.operator, compareVersions(host.kernelRelease, comparison.operand));
  });
}

function virtualization(host: ConditionHost, parameter: string): Verdict {
  const found = detectVirtualization(host);
  if (parameter === 'private-users') {
    const map = (host.readText('/proc/self/uid_map') ?? '').trim().split(/\s+/);
    return map.length > 0 && map.join(' ') !== '0 0 4294967295';
  }
  if (parameter === 'vm' || parameter === 'container') return found?.class === parameter;
  const wanted = parseBoolean(parameter);
  return wanted === null ? found?.name === parameter : wanted === (found !== null);
}

function parseBoolean(text: string): boolean | null {
  if (/^(1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(0|no|n|false|f|off)$/i.test(text) ? false : null;
}

function hostName(host: ConditionHost, parameter: string): Verdict {
  if (/^[0-9a-f]{32}$/i.test(parameter)) return (host.readText('/etc/machine-id') ?? '').trim() === parameter.toLowerCase();
  return patternToRegExp(parameter.toLowerCase()).test(host.hostname.toLowerCase());
}

function firmware(host: ConditionHost, parameter: string): Verdict {
  if (parameter === 'uefi') return host.facts('/sys/firmware/efi') !== null;
  if (parameter === 'device-tree') return host.facts('/proc/device-tree') !== null || host.facts('/sys/firmware/devicetree') !== null;
  const compatible = /^device-tree-compatible\((.*)\)$/.exec(parameter)?.[1];
  if (compatible !== undefined) return (host.readText('/proc/device-tree/compatible') ?? '').split('\0').includes(compatible);
  const field = /^smbios-field\(\s*([a-z_]+)\s*(.*)\)$/.exec(parameter);
  if (field === null) return false;
  const value = (host.readText(`/sys/class/dmi/id/${field[1] ?? ''}`) ?? '').trim();
  const comparison = splitOperator((field[2] ?? '').replace(/^\$/, ''));
  if (comparison === null || value === '') return false;
  const operand = comparison.operand.replace(/^"(.*)"$/, '$1');
  if (comparison.operator === '=' || comparison.operator === '!=') return patternToRegExp(operand).test(value) === (comparison.operator === '=');
  return holdsFor(comparison.operator, compareVersions(value, operand));
}

/** Mains power, or no power supply that is one at all (a server). */
function acPower(host: ConditionHost, parameter: string): Verdict {
  const wanted = parseBoolean(parameter);
  if (wanted === null) return 'not a boolean';
  const mains = (host.list('/sys/class/power_supply') ?? []).filter((name) => (host.readText(`/sys/class/power_supply/${name}/type`) ?? '').trim() === 'Mains');
  const online = mains.length === 0 || mains.some((name) => (host.readText(`/sys/class/power_supply/${name}/online`) ?? '').trim() === '1');
  return online === wanted;
}

function security(host: ConditionHost, parameter: string): Verdict {
  switch (parameter) {
    case 'selinux': return host.facts('/sys/fs/selinux/enforce') !== null;
    case 'apparmor': return (host.readText('/sys/module/apparmor/parameters/enabled') ?? '').startsWith('Y');
    case 'smack': return host.facts('/sys/fs/smackfs') !== null;
    case 'ima': return host.facts('/sys/kernel/security/ima') !== null;
    case 'tomoyo': return host.facts('/sys/kernel/security/tomoyo') !== null;
    case 'audit': return (host.readText('/proc/self/loginuid') ?? '') !== '';
    case 'uefi-secureboot': return (host.readText('/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c') ?? '').charCodeAt(4) === 1;
    case 'tpm2': return (host.list('/sys/class/tpmrm') ?? []).length > 0;
    default: return false;
  }
}

/** systemd.unit(5): true until the folder's stamp is as new as /usr. `systemd.condition-needs-update=` overrides. */
function needsUpdate(host: ConditionHost, parameter: string): Verdict {
  const words = commandLineWords(host.readText('/proc/cmdline') ?? '');
  const forced = words.find((word) => word.startsWith('systemd.condition-needs-update='))?.split('=')[1];
  if (forced !== undefined) return parseBoolean(forced) ?? false;
  const stamp = /TIMESTAMP_NSEC=([0-9]+)/.exec(host.readText(`${parameter}/.updated`) ?? '')?.[1];
  const updated = stamp === undefined ? null : BigInt(stamp);
  const usr = host.modificationNsec('/usr');
  return updated === null || (usr !== null && updated < usr);
}

function firstBoot(host: ConditionHost, parameter: string): Verdict {
  const wanted = parseBoolean(parameter);
  if (wanted === null) return 'not a boolean';
  return isFirstBoot(host) === wanted;
}

/** Whether the machine has had no identity before this boot. */
export function isFirstBoot(host: ConditionHost): boolean {
  const id = (host.readText('/etc/machine-id') ?? '').trim();
  return id === '' || id === 'uninitialized' || host.facts('/run/systemd/first-boot') !== null;
}

/** A number with binary suffixes: `2G`. null when it is none. */
function parseBytes(text: string): number | null {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([KMGTPE]?)B?$/.exec(text);
  if (match === null) return null;
  return Number(match[1]) * 1024 ** ' KMGTPE'.indexOf(match[2] === '' ? ' ' : (match[2] as string));
}

function quantity(actual: number, parameter: string): Verdict {
  const comparison = splitOperator(parameter) ?? { operator: '>=' as const, operand: parameter.trim() };
  const wanted = parseBytes(comparison.operand);
  return wanted === null ? `"${comparison.operand}" is not a number` : holdsFor(comparison.operator, actual - wanted);
}

function osRelease(host: ConditionHost, parameter: string): Verdict {
  const text = host.readText('/etc/os-release') ?? host.readText('/usr/lib/os-release') ?? '';
  const values = new Map(text.split('\n').map((line): [string, string] => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1).trim().replace(/^(["'])(.*)\1$/, '$2')];
  }));
  const expressions = parameter.match(/[A-Z0-9_]+\s*[<>=!$]+\s*(?:"[^"]*"|\S+)/g) ?? [];
  if (expressions.length === 0) return 'no comparison given';
  return expressions.every((expression) => {
    const [, key, rest] = /^([A-Z0-9_]+)\s*(.*)$/.exec(expression) ?? [];
    const isPattern = /^!?\$/.test(rest ?? '');
    const comparison = splitOperator((rest ?? '').replace(/^(!?)\$/, '$1'));
    const value = values.get(key ?? '') ?? '';
    if (comparison === null) return false;
    const operand = comparison.operand.replace(/^"(.*)"$/, '$1');
    if (isPattern) return patternToRegExp(operand).test(value) === (comparison.operator === '=');
    // `=` and `!=` compare texts; `==` and `<>`, which compare versions, differ only for versions written in two ways.
    if (comparison.operator === '=' || comparison.operator === '!=') return (operand === value) === (comparison.operator === '=');
    return holdsFor(comparison.operator, compareVersions(value, operand));
  });
}

function cpuFeature(host: ConditionHost, parameter: string): Verdict {
  const line = (host.readText('/proc/cpuinfo') ?? '').split('\n').find((candidate) => /^(flags|Features)\s*:/.test(candidate)) ?? '';
  return line.split(':')[1]?.trim().split(/\s+/).includes(parameter) ?? false;
}

const CONTROLLERS: ReadonlySet<string> = new Set(['cpu', 'cpuacct', 'cpuset', 'io', 'blkio', 'memory', 'devices', 'pids', 'bpf-firewall', 'bpf-devices', 'bpf-foreign', 'bpf-socket-bind', 'bpf-restrict-network-interfaces']);

function controlGroupController(host: ConditionHost, parameter: string): Verdict {
  if (parameter === 'v2') return host.cgroupRoot !== null;
  if (parameter === 'v1') return host.cgroupRoot === null;
  // Controllers nobody knows are not asked after; a condition on nothing else holds, for newer unit files' sake.
  const wanted = parameter.split(/\s+/).filter((controller) => CONTROLLERS.has(controller));
  if (wanted.length === 0) return true;
  if (host.cgroupRoot === null) return false;
  const available = (host.readText(`${host.cgroupRoot}/cgroup.controllers`) ?? '').trim().split(/\s+/);
  return wanted.every((controller) => available.includes(controller));
}

/** `[slice:]percent[/window]` of the pressure files; the window is 10 s, 1 min or 5 min. */
function pressure(resource: string): ConditionTest {
  return (host, parameter) => {
    const match = /^(?:([^:]+\.slice):)?([0-9]+(?:\.[0-9]+)?)%(?:\/(10s|10sec|1min|1m|5min|5m))?$/.exec(parameter);
    if (match === null) return 'not of the form PERCENT%[/TIMESPAN]';
    const file = match[1] === undefined || host.cgroupRoot === null ? `/proc/pressure/${resource}` : `${host.cgroupRoot}/${match[1]}/${resource}.pressure`;
    const text = host.readText(file);
    // Without the kernel's help the condition counts as met, as systemd.unit(5) has it.
    if (text === null) return true;
    const window = match[3] === undefined || match[3].startsWith('5') ? 'avg300' : match[3].startsWith('10') ? 'avg10' : 'avg60';
    const kind = /^full /m.test(text) ? 'full' : 'some';
    const value = new RegExp(`^${kind} .*${window}=([0-9.]+)`, 'm').exec(text)?.[1];
    return value === undefined ? true : Number(value) <= Number(match[2]);
  };
}

export const MACHINE_CONDITIONS: Readonly<Record<string, ConditionTest>> = {
  Architecture: architecture,
  Firmware: firmware,
  Virtualization: virtualization,
  Host: hostName,
  KernelCommandLine: kernelCommandLine,
  KernelVersion: kernelVersion,
  Credential: (host, name) => {
    const directory = host.environment('CREDENTIALS_DIRECTORY');
    return directory !== undefined && host.facts(`${directory}/${name}`) !== null;
  },
  Security: security,
  ACPower: acPower,
  NeedsUpdate: needsUpdate,
  FirstBoot: firstBoot,
  Memory: (host, parameter) => quantity(host.memoryBytes, parameter),
  CPUs: (host, parameter) => quantity(host.cpuCount, parameter),
  CPUFeature: cpuFeature,
  OSRelease: osRelease,
  ControlGroupController: controlGroupController,
  MemoryPressure: pressure('memory'),
  CPUPressure: pressure('cpu'),
  IOPressure: pressure('io'),
};

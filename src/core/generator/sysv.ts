/**
 * Services for init scripts that have no unit file. Sources: systemd-sysv-generator(8), LSB Core "Comment Conventions for Init
 * Scripts", and what systemd 252's generator writes for the same scripts.
 */
import { isUnitName, mangleUnitName } from '../unit/unit-name.ts';
import type { Generated, GeneratedFile } from './generated-file.ts';

export interface InitScript {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
}

/** A link in a runlevel's directory: `/etc/rc3.d/S02name`. Only those that start something count. */
export interface RunlevelLink {
  readonly runlevel: string;
  readonly priority: number;
  /** Of the script it leads to. */
  readonly script: string;
}

export interface SysvFacts {
  readonly scripts: readonly InitScript[];
  readonly links: readonly RunlevelLink[];
  /** Whether a unit has a file of its own, be it a mask. */
  readonly hasUnitFile: (name: string) => boolean;
}

const HEADER = '# Made by heartwood from an init script. Changes are lost at the next daemon-reload.\n';

/** Runlevels are targets; scripts of other ones (S, 0, 1, 6) take no part: what they did is the manager's work. */
const TARGET_OF_RUNLEVEL: Readonly<Record<string, string>> = { 2: 'multi-user.target', 3: 'multi-user.target', 4: 'multi-user.target', 5: 'graphical.target' };

/** What LSB calls facilities; null needs no waiting for. Any other `$name` is the target of that name. */
const FACILITIES: Readonly<Record<string, string | null>> = {
  $local_fs: null, $syslog: null, $network: 'network-online.target', $named: 'nss-lookup.target', $portmap: 'rpcbind.target',
  $remote_fs: 'remote-fs.target', $time: 'time-sync.target',
};

interface Header {
  readonly isLsb: boolean;
  readonly description: string | null;
  readonly provides: readonly string[];
  readonly after: readonly string[];
  readonly before: readonly string[];
  readonly pidFile: string | null;
  readonly canReload: boolean;
}

function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** A script's own name as that of a service: `foo.sh` is foo.service. */
function serviceOf(name: string): string | null {
  return mangleUnitName(`${name.replace(/\.sh$/, '')}.service`);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A name in a header: a facility, or another script. null = nothing to be ordered after. */
function unitOfFacility(name: string): string | null {
  if (!name.startsWith('$')) return serviceOf(name);
  return Object.hasOwn(FACILITIES, name) ? FACILITIES[name] as string | null : mangleUnitName(`${name.slice(1)}.target`);
}

function readHeader(text: string): Header {
  const lsb = new Map<string, string>();
  let inLsb = false;
  let isLsb = false;
  let key: string | null = null;
  const plain = new Map<string, string>();
  let continued: string | null = null;
  let canReload = false;
  for (const line of text.split('\n')) {
    if (/\bUsage\b.*\breload\b/i.test(line)) canReload = true;
    const comment = /^#(.*)$/.exec(line)?.[1];
    if (comment === undefined) {
      key = continued = null;
      continue;
    }
    if (/^#+\s*BEGIN INIT INFO/.test(line)) {
      inLsb = isLsb = true;
    } else if (/^#+\s*END INIT INFO/.test(line)) {
      inLsb = false;
    } else if (inLsb) {
      const [, name, value = ''] = /^\s*([A-Za-z-]+):\s*(.*)$/.exec(comment) ?? [];
      if (name !== undefined) {
        key = name.toLowerCase();
        lsb.set(key, value.trim());
      } else if (key === 'description' && /^(?:\t| {2})/.test(comment)) {
        lsb.set(key, `${lsb.get(key) ?? ''} ${comment.trim()}`);
      }
    } else {
      const keyed = /^\s*(description|pidfile|chkconfig):\s*(.*)$/.exec(comment);
      const name: string | null = continued ?? keyed?.[1] ?? null;
      if (name === null) continue;
      const value: string = continued === null ? (keyed?.[2] ?? '') : comment.trim();
      plain.set(name, `${plain.get(name) ?? ''} ${value.replace(/\\$/, '')}`.trim().replace(/\s+/g, ' '));
      continued = value.endsWith('\\') ? name : null;
    }
  }
  const get = (name: string): string => lsb.get(name) ?? '';
  const short = get('short-description') || get('description');
  const chkconfig = plain.get('description');
  return {
    isLsb,
    description: short !== '' ? `LSB: ${short}` : chkconfig !== undefined ? `SYSV: ${chkconfig}` : null,
    provides: words(get('provides')),
    after: words(`${get('required-start')} ${get('should-start')}`),
    before: words(get('x-start-before')),
    pidFile: plain.get('pidfile') ?? null,
    canReload,
  };
}

interface Script {
  readonly path: string;
  readonly service: string;
  readonly header: Header;
  readonly links: readonly RunlevelLink[];
  /** The lowest S number among its links; null = it is not started by any runlevel. */
  readonly priority: number | null;
}

/** Two scripts of which one knows no LSB header start in the order of their numbers. */
function orderByNumber(script: Script, scripts: readonly Script[], than: (mine: number, other: number) => boolean): readonly string[] {
  return scripts.flatMap((other) => {
    if (other === script || script.priority === null || other.priority === null || (script.header.isLsb && other.header.isLsb)) return [];
    return than(script.priority, other.priority) ? [other.service] : [];
  });
}

export function generateFromScripts(facts: SysvFacts): Generated {
  const scripts = facts.scripts.flatMap((each): readonly Script[] => {
    const service = serviceOf(baseOf(each.path));
    if (service === null || facts.hasUnitFile(service)) return [];
    const links = facts.links.filter(({ script, runlevel }) => script === each.path && Object.hasOwn(TARGET_OF_RUNLEVEL, runlevel));
    return [{ path: each.path, service, header: readHeader(each.text), links, priority: links.length === 0 ? null : Math.min(...links.map(({ priority }) => priority)) }];
  });
  const files: GeneratedFile[] = [];
  const taken = new Set(scripts.map(({ service }) => service));
  for (const script of scripts) {
    files.push({ path: script.service, text: serviceText(script, scripts) });
    const targets = new Set(script.links.map(({ runlevel }) => TARGET_OF_RUNLEVEL[runlevel] as string));
    for (const target of targets) files.push({ path: `${target}.wants/${script.service}`, link: `../${script.service}` });
    for (const provided of script.header.provides) {
      const alias = provided === '$x-display-manager' || provided === 'x-display-manager' ? 'display-manager.service' : provided.startsWith('$') ? null : serviceOf(provided);
      if (alias === null || taken.has(alias) || facts.hasUnitFile(alias) || !isUnitName(alias)) continue;
      taken.add(alias);
      files.push({ path: alias, link: script.service });
    }
  }
  return { files, complaints: [] };
}

function unitsOf(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => unitOfFacility(name) ?? []);
}

function serviceText(script: Script, scripts: readonly Script[]): string {
  const { header, path, service } = script;
  const provided = unitsOf(header.provides.filter((name) => name.startsWith('$')));
  // A target that is provided is reached by this script's start: it is wanted by it, and comes after it.
  const provides = provided.includes('network-online.target') ? [...provided, 'network.target'] : provided;
  const targets = script.links.map(({ runlevel }) => TARGET_OF_RUNLEVEL[runlevel] as string);
  const before = [...targets, ...provides, ...unitsOf(header.before), ...orderByNumber(script, scripts, (mine, other) => other > mine)];
  const after = [...unitsOf(header.after), ...orderByNumber(script, scripts, (mine, other) => other < mine)];
  const list = (key: string, units: readonly string[]): readonly string[] => [...new Set(units)].filter((unit) => unit !== service).map((unit) => `${key}=${unit}`);
  const literal = path.replaceAll('%', '%%');
  return `${HEADER}\n${[
    '[Unit]', `SourcePath=${literal}`,
    ...(header.description === null ? [] : [`Description=${header.description.replaceAll('%', '%%')}`]),
    ...list('Before', before), ...list('After', after), ...list('Wants', provides),
    '', '[Service]', 'Type=forking', 'Restart=no', 'TimeoutSec=5min', 'IgnoreSIGPIPE=no', 'KillMode=process', 'GuessMainPID=no',
    `RemainAfterExit=${header.pidFile === null ? 'yes' : 'no'}`,
    ...(header.pidFile === null ? [] : [`PIDFile=${header.pidFile}`]),
    // LSB: 5 = not installed, 6 = not configured. Neither is a failure at boot.
    ...(header.isLsb ? ['SuccessExitStatus=5 6'] : []),
    `ExecStart=${literal} start`, `ExecStop=${literal} stop`,
    ...(header.canReload ? [`ExecReload=${literal} reload`] : []),
  ].join('\n')}\n`;
}

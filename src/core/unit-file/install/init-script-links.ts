/**
 * enable, disable and is-enabled of services that have an init script and no unit file: links in the directories of the runlevels, as
 * insserv(8) and update-rc.d(8) make them. systemctl hands these on to a program of the distribution, which does the same.
 *
 *     /etc/rc3.d/S01name -> ../init.d/name     is started in that runlevel
 *     /etc/rc3.d/K01name -> ../init.d/name     is not
 */
import type { LinkOperation } from './change.ts';
import type { UnitFileView } from './install-context.ts';

const SCRIPTS = '/etc/init.d';
/** Where a service is started by default: LSB Core, "Comment Conventions for Init Scripts". */
const START_LEVELS = ['2', '3', '4', '5'] as const;
/** By these systemctl's helper tells whether a script is enabled. */
const TELLING_LEVELS = ['S', '5'] as const;

/** The init script that stands for a unit; null when the unit has a file of its own, or there is no script either. */
export function initScriptOf({ tree, places }: UnitFileView, unit: string): string | null {
  if (!unit.endsWith('.service') || unit.includes('/') || unit.includes('@')) return null;
  const own = places.directories.filter((directory) => !places.generatorDirectories.includes(directory));
  if (own.some((directory) => tree.entryAt(`${directory}/${unit}`) !== null)) return null;
  const name = unit.slice(0, -'.service'.length);
  return tree.entryAt(`${SCRIPTS}/${name}`)?.kind === 'file' ? name : null;
}

export function isInitScriptEnabled({ tree }: UnitFileView, script: string): boolean {
  return TELLING_LEVELS.some((level) => linksOf(tree, level, script).some((name) => name.startsWith('S')));
}

/** What is to be done so that the script is started at boot, or is not. */
export function planInitScript({ tree }: UnitFileView, script: string, enables: boolean): readonly LinkOperation[] {
  const header = tree.read(`${SCRIPTS}/${script}`) ?? '';
  const starts = levelsOf(header, 'Default-Start') ?? START_LEVELS;
  const stops = levelsOf(header, 'Default-Stop') ?? [];
  const wanted = enables ? 'S' : 'K';
  return [
    ...starts.flatMap((level): readonly LinkOperation[] => {
      const links = linksOf(tree, level, script);
      const others = links.filter((name) => !name.startsWith(wanted)).map((name): LinkOperation => ({ kind: 'unlink', path: `/etc/rc${level}.d/${name}` }));
      return links.length > others.length ? others : [...others, symlink(level, wanted, script)];
    }),
    ...stops.flatMap((level) => (linksOf(tree, level, script).length > 0 ? [] : [symlink(level, 'K', script)])),
  ];
}

function symlink(level: string, kind: 'S' | 'K', script: string): LinkOperation {
  return { kind: 'symlink', path: `/etc/rc${level}.d/${kind}01${script}`, target: `../init.d/${script}` };
}

function linksOf(tree: UnitFileView['tree'], level: string, script: string): readonly string[] {
  return tree.list(`/etc/rc${level}.d`).filter((name) => /^[SK]\d\d/.test(name) && name.slice(3) === script);
}

/** null = the header does not say. */
function levelsOf(header: string, key: string): readonly string[] | null {
  const value = new RegExp(`^#\\s*${key}:(.*)$`, 'mi').exec(header)?.[1];
  return value === undefined ? null : value.split(/\s+/).filter((level) => /^[0-6S]$/.test(level));
}

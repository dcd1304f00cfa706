/**
 * Loads the unit files of a directory in a real systemd and in Heartwood, each as PID 1 of namespaces with a root of its own, and
 * compares what `systemctl show` prints of each unit, property by property. Run by hand:
 * `npm run compare:show -- DIRECTORY [-p NAME,…] [UNIT…]`. Drop-in directories and links below DIRECTORY count too.
 *
 * Not part of the tests: it needs Debian's systemd package and a collection of unit files.
 */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT_INSIDE, Rig, UNITS_INSIDE, type RigOptions } from '../namespace/rig.ts';

const SYSTEMD = '/lib/systemd/systemd';
const UNIT_FILE = /^[^/]+\.(service|socket|timer|path|target|slice|scope|mount|automount|swap)$/;
const BATCH = 50;
/** Units shown for each property that differs, unless properties were asked for. */
const CASES_SHOWN = 3;

/** Properties of this very run, of the machine, and of what only a process that ran can tell. */
const LEFT_OUT = new RegExp([
  'Timestamp', 'InvocationID', 'PID$', '^Memory(Current|Available)$', '^TasksCurrent$', 'UsageNSec$', '^IO(Read|Write)(Bytes|Operations)$', '^IP(In|E)gress', '^ControlGroup$',
  '^EffectiveCPUs$', '^EffectiveMemoryNodes$', 'NextElapse', 'LastTrigger', '^NFileDescriptorStore$', '^NConnections$', '^NAccepted$', '^NRefused$', '^DelegateSubgroup$',
  // The directory is the administrator's for Heartwood alone; enablement is compared by unit-file-verbs.ts.
  '^UnitFileState$',
].join('|'));

/** Properties whose words are units. */
const DEPENDENCY = /^(Requires|Requisite|Wants|BindsTo|PartOf|Upholds|Conflicts|Before|After|RequiredBy|WantedBy|BoundBy|ConsistsOf|ConflictedBy)$/;

/** Words whose order systemd takes from a hash table. */
const UNORDERED = /^(Names|Requires|Requisite|Wants|BindsTo|PartOf|Upholds|RequiredBy|RequisiteOf|WantedBy|BoundBy|UpheldBy|ConsistsOf|Conflicts|ConflictedBy|Before|After|On(Success|Failure)(Of)?|Triggers|TriggeredBy|PropagatesReloadTo|ReloadPropagatedFrom|PropagatesStopTo|StopPropagatedFrom|JoinsNamespaceOf|SliceOf|RequiresMountsFor|IPAddress(Allow|Deny)|RestrictNetworkInterfaces|SystemCallFilter|SystemCallLog|RestrictAddressFamilies|RestrictFileSystems|SystemCallArchitectures)$/;

/** Where Heartwood differs on purpose, as docs/differences.md says. */
const ON_PURPOSE = /^(LimitNOFILE(Soft)?|AssertResult)$/;

/** System calls that are in groups of today and not in those of systemd 252. */
const NEW_CALLS = /^(cachestat|riscv_hwprobe|mseal|sys_debug_setcontext|(set|get|list|remove)xattrat|futex_(requeue|wait|wake)|statmount|listmount|map_shadow_stack|open_tree_attr|uretprobe)$/;

/** What the other unit says of an edge that both ends show, by what this one says. */
const OTHER_END: Readonly<Record<string, readonly string[]>> = {
  Before: ['After'], After: ['Before'], RequiredBy: ['Requires'], RequisiteOf: ['Requisite'], WantedBy: ['Wants'], BoundBy: ['BindsTo'], UpheldBy: ['Upholds'],
  ConsistsOf: ['PartOf'], ConflictedBy: ['Conflicts'], TriggeredBy: ['Triggers'], OnFailureOf: ['OnFailure'], OnSuccessOf: ['OnSuccess'],
};

type Units = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

function unitsOf(directory: string): Units {
  const units: Record<string, string | Uint8Array | { readonly link: string }> = {};
  for (const path of readdirSync(directory, { recursive: true }) as string[]) {
    const full = join(directory, path);
    const file = lstatSync(full);
    if (file.isSymbolicLink()) units[path] = { link: readlinkSync(full) };
    else if (file.isFile()) units[path] = readFileSync(full);
  }
  return units;
}

interface Side {
  readonly rig: Rig;
  readonly systemctl: string;
}

async function boot(units: Units): Promise<readonly [Side, Side]> {
  const common: Pick<RigOptions, 'units' | 'files'> = {
    units: { ...units, 'compare.target': '[Unit]\nRequires=basic.target\nAfter=basic.target\n' },
    // systemd makes this the name of the machine, and %H tells it.
    files: { '/generators/.keep': { text: '' }, '/etc/hostname': { text: 'rig\n' } },
  };
  const systemd = await Rig.boot({
    ...common,
    manager: [SYSTEMD, '--system', '--unit=compare.target', '--log-target=console', '--log-level=warning', '--show-status=no'],
    env: { SYSTEMD_UNIT_PATH: `${UNITS_INSIDE}:${CHECKOUT_INSIDE}/units/system`, SYSTEMD_GENERATOR_PATH: '/generators', SYSTEMD_ENVIRONMENT_GENERATOR_PATH: '/generators' },
  });
  const heartwood = await Rig.boot({ ...common, args: ['--unit', 'compare.target'] });
  const sides = [{ rig: systemd, systemctl: '/bin/systemctl' }, { rig: heartwood, systemctl: `${CHECKOUT_INSIDE}/bin/systemctl` }] as const;
  for (const { rig, systemctl } of sides) {
    await rig.until(async () => ['running', 'degraded'].includes((await rig.run([systemctl, 'is-system-running'])).stdout.trim()), { what: 'the boot to end' });
  }
  return sides;
}

/** Properties of units by unit and name; lines of one name are joined by line feeds. */
async function show({ rig, systemctl }: Side, names: readonly string[]): Promise<Map<string, Map<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for (let i = 0; i < names.length; i += BATCH) {
    const batch = names.slice(i, i + BATCH);
    const { stdout, stderr } = await rig.run([systemctl, 'show', '--', ...batch]);
    const blocks = stdout.replace(/\n$/, '').split('\n\n');
    if (blocks.length !== batch.length) {
      // A unit with nothing to show: one by one it is found out which.
      if (batch.length === 1) throw new Error(`${systemctl} show ${batch.join(' ')} answered ${String(blocks.length)} units: ${stderr}`);
      for (const name of batch) for (const [unit, properties] of await show({ rig, systemctl }, [name])) found.set(unit, properties);
      continue;
    }
    batch.forEach((name, index) => {
      const properties = new Map<string, string>();
      for (const line of (blocks[index] ?? '').split('\n')) {
        const equals = line.indexOf('=');
        const key = line.slice(0, equals);
        const before = properties.get(key);
        properties.set(key, before === undefined ? line.slice(equals + 1) : `${before}\n${line.slice(equals + 1)}`);
      }
      found.set(name, properties);
    });
  }
  return found;
}

/** Both name such units only where they have a reason to; systemd also where there is no such unit. */
async function unitsWithoutFile({ rig, systemctl }: Side, shown: ReadonlyMap<string, ReadonlyMap<string, string>>): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const properties of shown.values()) {
    for (const [property, value] of properties) if (DEPENDENCY.test(property)) for (const word of value.split(' ')) if (UNIT_FILE.test(word)) named.add(word);
  }
  const { stdout } = await rig.run([systemctl, 'show', '-p', 'Id,FragmentPath', '--', ...named]);
  return new Set(stdout.split('\n\n').flatMap((block) => {
    const id = /^Id=(.+)$/m.exec(block)?.[1];
    return id !== undefined && /^FragmentPath=$/m.test(block) && !id.endsWith('.slice') ? [id] : [];
  }));
}

/** An edge whose other end had not been loaded, or was forgotten again, when one of the managers was asked about this end. */
function isLoadingOrder(names: readonly string[], property: string, theirs: string, ours: string, sides: readonly ReadonlyMap<string, ReadonlyMap<string, string>>[]): boolean {
  const others = OTHER_END[property];
  if (others === undefined) return false;
  const [left, right] = [theirs.split(' '), ours.split(' ')];
  return [...left.filter((word) => !right.includes(word)), ...right.filter((word) => !left.includes(word))]
    .every((word) => word === '' || sides.every((side) => others.some((other) => side.get(word)?.get(other)?.split(' ').some((each) => names.includes(each)) === true)));
}

function normal(property: string, value: string | undefined, fileless: ReadonlySet<string>): string {
  // An empty list is not shown by either where it may be left out.
  if (value === undefined) return UNORDERED.test(property) ? '' : '(absent)';
  const text = value.replaceAll(/start_time=\[[^\]]*\] ; stop_time=\[[^\]]*\] ; pid=\d+/g, '…');
  if (!UNORDERED.test(property)) return text;
  const [, tilde = '', rest = ''] = /^(~?)(.*)$/s.exec(text) ?? [];
  const words = rest.split(/\s+/).filter((word) => (DEPENDENCY.test(property) ? !fileless.has(word) : !property.startsWith('SystemCall') || !NEW_CALLS.test(word))).sort();
  return tilde + words.join(' ');
}

async function main(argv: readonly string[]): Promise<number> {
  const words = [...argv];
  const directory = words.shift();
  if (directory === undefined) {
    console.log('usage: npm run compare:show -- DIRECTORY [-p NAME,…] [UNIT…]');
    return 2;
  }
  const only = words[0] === '-p' ? (words.splice(0, 2)[1] ?? '').split(',') : null;
  const units = unitsOf(directory);
  const names = (words.length > 0 ? words : Object.keys(units).filter((name) => UNIT_FILE.test(name))).map((name) => name.replace('@.', '@some-thing.')).sort();
  const sides = await boot(units);
  try {
    const [systemd, heartwood] = [await show(sides[0], names), await show(sides[1], names)];
    const fileless = await unitsWithoutFile(sides[0], systemd);
    let [same, all] = [0, 0];
    const wrong = new Map<string, string[]>();
    for (const name of names) {
      const [left, right] = [systemd.get(name) ?? new Map<string, string>(), heartwood.get(name) ?? new Map<string, string>()];
      for (const property of left.keys()) {
        if (LEFT_OUT.test(property) || ON_PURPOSE.test(property) || (only !== null && !only.includes(property))) continue;
        all += 1;
        const [theirs, ours] = [normal(property, left.get(property), fileless), normal(property, right.get(property), fileless)];
        if (theirs === ours || isLoadingOrder((left.get('Names') ?? name).split(' '), property, theirs, ours, [systemd, heartwood])) same += 1;
        else wrong.set(property, [...(wrong.get(property) ?? []), `  ${name}\n    systemd   ${theirs}\n    heartwood ${ours}`]);
      }
    }
    for (const [property, cases] of [...wrong].sort((a, b) => b[1].length - a[1].length)) console.log(`${property}: ${String(cases.length)}\n${cases.slice(0, only === null ? CASES_SHOWN : 1000).join('\n')}`);
    console.log(`\n${String(names.length)} units, ${String(all)} properties, ${String(all - same)} different: ${(100 * same / Math.max(1, all)).toFixed(2)} % equal`);
    return same === all ? 0 : 1;
  } finally {
    await Promise.all(sides.map(({ rig }) => rig.destroy()));
  }
}

process.exitCode = await main(process.argv.slice(2));

/**
 * Takes a real systemd and Heartwood through the same random verbs on the same random graphs of units, and reports every difference in
 * jobs and states. Run by hand: `npm run compare:graphs [--wide] [-v] [FIRST [COUNT]]`, seeds from FIRST on.
 *
 * A difference is believed when it shows twice: units without an order between them may come and go in either order.
 */
import { graphScenario, PROGRAMS, type GraphScenario } from './graph-scenario.ts';
import { bootSides, whyNoSystemd, type Side, type SideInputs } from './sides.ts';

/** Scenarios at a time: they mostly wait for the managers to settle. */
const CONCURRENCY = 4;
/** Scenarios for one boot of both. */
const BATCH = 60;
/** Runs of a scenario that must all differ before it counts. */
const TRIES = 3;

/** Two looks in a row must see the same before a step is over; `settle` gives up after a while, for some graphs go in circles. */
const PRELUDE = `
look() {
  $ctl show -p ActiveState -p SubState -p Result $units | paste -sd' ' | sed 's/  /\\n/g' | { for u in $units; do read -r line; echo "$u $line"; done; }
  $ctl list-jobs --no-legend --plain 2>/dev/null | awk -v p="$label-" 'index($2, p) == 1 { print "job " $2 " " $3 " " $4 }' | sort
}
settle() {
  before=
  for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    sleep 0.12
    now=$(look)
    [ "$now" = "$before" ] && break
    before=$now
  done
  echo "$now"
}
`;

async function record({ rig, systemctl }: Side, { label, scenario, isAlone }: { readonly label: string; readonly scenario: GraphScenario; readonly isAlone: boolean }): Promise<string[]> {
  const script = [
    `ctl=${systemctl}; label=${label}; units='${scenario.names.join(' ')}'`, PRELUDE,
    ...scenario.steps.map((step, index) => `echo '--- ${String(index)}'; ${step} >/dev/null 2>&1 && echo ok || echo refused; settle`),
    // What comes after must find nothing of this one.
    ...(isAlone ? ['$ctl cancel; $ctl kill -s KILL $units; $ctl stop --no-block $units; $ctl kill -s KILL $units; sleep 0.2; $ctl cancel; $ctl reset-failed'] : []),
  ].join('\n');
  const { stdout } = await rig.run(['/bin/sh', '-c', script], { timeoutMs: 120_000 });
  return stdout.split('--- ').slice(1).map((part) => part.slice(part.indexOf('\n') + 1).trimEnd());
}

interface Finding {
  readonly scenario: GraphScenario;
  /** Index of the first step after which they differ. */
  readonly step: number;
  readonly systemd: string;
  readonly heartwood: string;
}

async function compareBatch(seeds: readonly number[], { wide, verbose, attempt }: { readonly wide: boolean; readonly verbose: boolean; readonly attempt: number }): Promise<Map<number, Finding>> {
  const jobs = seeds.map((seed) => {
    const label = `g${String(seed)}x${String(attempt)}`;
    return { label, scenario: graphScenario(seed, { wide, label }) };
  });
  const units: Record<string, SideInputs['units'][string]> = {};
  for (const { scenario } of jobs) for (const [name, text] of Object.entries(scenario.units)) units[name] = text ?? { link: '/dev/null' };
  const files = Object.fromEntries(Object.entries(PROGRAMS).map(([path, text]) => [path, { text, mode: 0o755 }]));
  const sides = await bootSides({ units, files }, jobs.flatMap(({ scenario }) => scenario.names));
  try {
    const [systemd, heartwood] = await Promise.all(sides.map(async (side) => {
      const found = new Map<number, string[]>();
      const waiting = [...jobs];
      const worker = async (): Promise<void> => {
        for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) found.set(job.scenario.seed, await record(side, { ...job, isAlone: wide }));
      };
      await Promise.all(Array.from({ length: wide ? 1 : CONCURRENCY }, worker));
      return found;
    }));
    const findings = new Map<number, Finding>();
    for (const { scenario } of jobs) {
      const left = systemd?.get(scenario.seed) ?? [];
      const right = heartwood?.get(scenario.seed) ?? [];
      if (verbose) for (const [index, command] of scenario.steps.entries()) console.log(`${command}\n- systemd\n${left[index] ?? ''}\n- heartwood\n${right[index] ?? ''}\n`);
      const step = scenario.steps.findIndex((_, index) => left[index] !== right[index]);
      if (step >= 0) findings.set(scenario.seed, { scenario, step, systemd: left[step] ?? '(nothing)', heartwood: right[step] ?? '(nothing)' });
    }
    if (verbose) for (const { name, rig } of sides) console.log(`--- ${name}\n${rig.console}`);
    return findings;
  } finally {
    await Promise.all(sides.map(({ rig }) => rig.destroy()));
  }
}

function describe({ scenario, step, systemd, heartwood }: Finding): string {
  const files = Object.entries(scenario.units).map(([name, text]) => (text === null ? `# ${name} masked` : `# ${name}\n${text.replace('DefaultDependencies=no\nStartLimitIntervalSec=0\n', '').trimEnd()}`));
  const left = systemd.split('\n'), right = heartwood.split('\n');
  const lines = [
    ...left.filter((line) => !right.includes(line)).map((line) => `  systemd:   ${line}`), ...right.filter((line) => !left.includes(line)).map((line) => `  heartwood: ${line}`),
  ];
  return [...files, ...scenario.steps.slice(0, step + 1), ...lines].join('\n');
}

async function main(args: readonly string[]): Promise<number> {
  const why = whyNoSystemd();
  if (why !== null) {
    console.log(`compare:graphs: skipped: ${why}`);
    return 0;
  }
  const wide = args.includes('--wide');
  const verbose = args.includes('-v');
  const [first = 1, count = BATCH] = args.filter((arg) => !arg.startsWith('-')).map(Number);
  let different = 0;
  for (let from = first; from < first + count; from += BATCH) {
    let seeds = Array.from({ length: Math.min(BATCH, first + count - from) }, (_, index) => from + index);
    let findings = new Map<number, Finding>();
    for (let attempt = 1; attempt <= TRIES && seeds.length > 0; attempt++) {
      findings = await compareBatch(seeds, { wide, verbose, attempt });
      seeds = [...findings.keys()];
    }
    different += findings.size;
    for (const [seed, finding] of findings) console.log(`\n=== seed ${String(seed)} differs\n${describe(finding)}`);
  }
  console.log(`\n${String(count)} seeds from ${String(first)}${wide ? ' (wide)' : ''}: ${String(different)} different`);
  return different === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

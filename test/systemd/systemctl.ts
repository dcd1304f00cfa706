/**
 * Runs the same command lines with the systemctl of a real systemd and with Heartwood's, each against its manager as PID 1 of a root of
 * its own with the same unit files, and reports every difference in standard output, standard error and exit status.
 * Run by hand: `npm run compare:systemctl -- [CHAPTER…] [-v] [--grep=TEXT]`.
 *
 * Not part of the tests: it needs Debian's systemd package. What differs on purpose is in `systemctl-differences.ts`, with the reason.
 */
import { CHECKOUT_INSIDE, Rig, type Outcome } from '../namespace/rig.ts';
import { whyNoSystemd } from './sides.ts';
import { reasonFor } from './systemctl-differences.ts';
import { visible } from './visible.ts';
import { CHAPTERS, FILES, STAGE } from './systemctl-lines.ts';

/** Directories of the machine's own units, presets and generators: each is empty in the roots. */
const EMPTIED = [
  '/etc/systemd/system', '/etc/systemd/user', '/etc/systemd/system-preset', '/usr/lib/systemd/system', '/usr/lib/systemd/system-preset', '/usr/local/lib/systemd', '/etc/init.d',
  '/usr/lib/systemd/system-generators', '/usr/lib/systemd/system-environment-generators', '/etc/heartwood', '/usr/lib/heartwood',
];

/** The first process of a root: makes what is in it the same for both, then becomes the manager. */
const PREPARE = [
  '#!/bin/sh', 'set -e',
  ...EMPTIED.map((path) => `mkdir -p ${path} && mount -t tmpfs -o mode=0755 tmpfs ${path}`),
  ': > /etc/fstab', `cp -a ${CHECKOUT_INSIDE}/units/system/. /usr/lib/systemd/system/`, 'rm -rf /usr/lib/systemd/system/multi-user.target.wants',
  'mkdir -p /srv/data', 'cp -a /staged/. /', 'ln -s /dev/null /etc/systemd/system/masked.service',
  // The rig knows its first process by the name of this program, and looks every few milliseconds.
  'sleep 0.5', 'exec "$@"', '',
].join('\n');

interface Side {
  readonly name: string;
  readonly rig: Rig;
  /** First on the path. */
  readonly programs: string;
}

async function boot(name: string, command: readonly string[], programs: string): Promise<Side> {
  const files = Object.fromEntries(Object.entries(FILES).flatMap(([path, text]) => (text === null ? [] : [[`/staged${path}`, { text }]])));
  const rig = await Rig.boot({ files: { '/c/prepare': { text: PREPARE, mode: 0o755 }, ...files }, manager: ['/c/prepare', ...command] });
  const side = { name, rig, programs };
  await rig.until(async () => ['running', 'degraded'].includes((await run(side, 'systemctl is-system-running')).stdout.trim()), { what: 'the boot to end' });
  return side;
}

function run({ rig, programs }: Side, script: string): Promise<Outcome> {
  return rig.run(['/bin/sh', '-c', `export PATH=${programs}:/usr/sbin:/usr/bin:/sbin:/bin PAGER= SYSTEMD_PAGER= TZ=UTC; ${script}`], { timeoutMs: 20_000 });
}

function scriptOf(line: string): string {
  if (line.startsWith('sh:')) return line.slice('sh:'.length);
  const [, setting, words = ''] = /^([A-Z_]+=[^: ]*):(.*)$/.exec(line) ?? [];
  return setting === undefined ? `systemctl ${line}` : `${setting} systemctl ${words}`;
}

/** What is of this very run becomes a word. */
const OF_THIS_RUN: readonly (readonly [RegExp, string])[] = [
  [/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? UTC/g, 'DATE'], [/\b(\d+(y|month|months|w|day|days|h|min|s|ms|us) ?)+(?=ago|left|\b)/g, 'SPAN'], [/SPAN ?(ago|left)/g, 'SPAN'],
  [/(?<=Memory: )[\d.]+[BKMG]/g, 'SIZE'], [/(?<=CPU: )\S+/g, 'SPAN'], [/(?<=Tasks: \d+ \(limit: )\d+/g, 'N'], [/\b\d{1,7}(?= \()/g, 'PID'], [/(?<=PID: )\d+/g, 'PID'], [/(?<=─|`-|\|-)(\{245\})? *\d+ /g, '$1PID '], [/(?<=Process: )\d+/g, 'PID'],
  [/\b(vm|rig)(?= \(host\))/g, 'HOST'], [/\b[0-9a-f]{32}\b/g, 'ID'], [/[-─]{2,}/g, '--'], [/(?<=pid=)\d+/g, 'PID'], [/"\d{15,17}"|\b\d{15,17}\b/g, 'USEC'], [/(?<=_time=)\[[^\]]*\]/g, '[]'],
];

/** Widths follow from what is of this very run, so blanks count only when nothing was replaced. */
function normal(text: string): string {
  // Debian's systemd was built for a /lib of its own; processor time is told from its first millisecond on.
  const same = visible(text.replaceAll('\r', '')).replace(/(?<!\/usr)(?=\/lib\/systemd\/system\/)/g, '/usr').replaceAll('/opt/heartwood/units/system/', '/usr/lib/systemd/system/').replace(/^ *CPU: .*\n/gm, '');
  return same.split('\n').map((line) => {
    const told = OF_THIS_RUN.reduce((each, [pattern, word]) => each.replace(pattern, word), line);
    return told === line ? line : told.replace(/ +/g, ' ').replace(/SPAN +/g, 'SPAN ');
  }).join('\n');
}

function differences(left: string, right: string): string[] {
  const [theirs, ours] = [left.split('\n'), right.split('\n')];
  const gone = theirs.filter((line) => !ours.includes(line)).map((line) => `    - ${line}`);
  const more = ours.filter((line) => !theirs.includes(line)).map((line) => `    + ${line}`);
  return gone.length + more.length === 0 && left !== right ? ['    (another order)', ...ours.map((line) => `    + ${line}`)] : [...gone, ...more];
}

/** The links that verbs about unit files make. */
const LINKS = 'find /etc/systemd /run/systemd/system -type l -printf "%p -> %l\\n" 2>/dev/null | sort';

async function main(argv: readonly string[]): Promise<number> {
  const why = whyNoSystemd();
  if (why !== null) {
    console.log(`compare:systemctl: skipped: ${why}`);
    return 0;
  }
  const verbose = argv.includes('-v');
  const grep = argv.find((word) => word.startsWith('--grep='))?.slice('--grep='.length) ?? '';
  const asked = argv.filter((word) => !word.startsWith('-'));
  let [compared, different, chosen] = [0, 0, 0];
  for (const [chapter, lines] of Object.entries(CHAPTERS)) {
    if (asked.length > 0 && !asked.includes(chapter)) continue;
    const sides = await Promise.all([
      boot('systemd', ['/lib/systemd/systemd', '--system', '--unit=multi-user.target', '--log-target=null', '--show-status=no'], '/bin'),
      boot('heartwood', [`${CHECKOUT_INSIDE}/bin/heartwood`, '--container', '--unit', 'multi-user.target'], `${CHECKOUT_INSIDE}/bin`),
    ]);
    try {
      for (const line of STAGE) await Promise.all(sides.map((side) => run(side, line)));
      for (const line of lines) {
        const [theirs, ours] = await Promise.all(sides.map(async (side) => {
          const { status, stdout, stderr } = await run(side, scriptOf(line));
          const links = chapter === 'unit-files' ? normal((await run(side, LINKS)).stdout) : '';
          return { status: String(status), stdout: normal(stdout), stderr: normal(stderr), links };
        })) as unknown as readonly [Record<string, string>, Record<string, string>];
        if (!line.includes(grep)) continue;
        compared += 1;
        const found = Object.keys(theirs).flatMap((part) => {
          const said = differences(theirs[part] as string, ours[part] as string);
          return said.length === 0 ? [] : [`  ${part}`, ...said];
        });
        if (verbose) console.log(`$ ${line}\n--- systemd ${theirs['status'] ?? ''}\n${theirs['stdout'] ?? ''}${theirs['stderr'] ?? ''}--- heartwood ${ours['status'] ?? ''}\n${ours['stdout'] ?? ''}${ours['stderr'] ?? ''}`);
        if (found.length === 0) continue;
        if (reasonFor(line, found) !== null) {
          chosen += 1;
          continue;
        }
        different += 1;
        console.log(`[${chapter}] systemctl ${line}\n${found.join('\n')}`);
      }
    } finally {
      await Promise.all(sides.map(({ rig }) => rig.destroy()));
    }
  }
  console.log(`\n${String(compared)} command lines, ${String(different)} different, ${String(chosen)} different on purpose`);
  return different === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));

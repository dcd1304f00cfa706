/**
 * Takes a real systemd and Heartwood, each as PID 1 of namespaces with a root of its own, through the same scenarios with the
 * same unit files, and reports every difference in what a user or a program can see. Run by hand: `npm run compare [NAME…]`.
 *
 * Not part of the tests: it needs Debian's systemd package, and real time passes in most scenarios.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rig } from '../namespace/rig.ts';
import { PROPERTIES, type Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { bootSides, whyNoSystemd, type Side, type SideInputs } from './sides.ts';

/** Scenarios at a time: they sleep most of the time, yet must not be slowed down so much that time-outs strike. */
const CONCURRENCY = 4;
const UNTIL_LIMIT_MS = 15_000;
const POLL_MS = 50;

/** Programs for the units. `hold` is a process that is known by name and stays, deaf to SIGTERM if asked. */
const PROGRAMS: Readonly<Record<string, string>> = {
  '/c/say': '#!/bin/sh\nfile=$1; shift; echo "$*" >> /t/$file\n',
  '/c/hold': '#!/bin/bash\n[ "$3" = deaf ] && trap "" TERM\nexec -a "hold $1 $2" sleep 99999\n',
  // Says what it was told at the signals that services know.
  '/c/daemon': '#!/bin/bash\nfile=$1\ntrap \'echo got TERM >> /t/$file; exit ${2:-0}\' TERM\ntrap \'echo got HUP >> /t/$file\' HUP\ntrap \'echo got INT >> /t/$file; exit 0\' INT\necho up >> /t/$file\nwhile :; do sleep 0.05; done\n',
  // Each argument is a message to $NOTIFY_SOCKET, or `sleep=SECONDS`, `exit=STATUS`, `kill=SIGNAL`; after the last one it stays.
  '/c/notify': '#!/usr/bin/perl\nuse Socket;\nsocket(my $s, AF_UNIX, SOCK_DGRAM, 0);\nmy $p = $ENV{NOTIFY_SOCKET}; $p =~ s/^@/\\0/;\nfor (@ARGV) {\n  if (/^sleep=(.*)/) { select(undef, undef, undef, $1) } elsif (/^exit=(.*)/) { exit $1 } elsif (/^kill=(.*)/) { kill $1, $$; sleep 5 }\n  else { s/;/\\n/g; send($s, $_, 0, sockaddr_un($p)) }\n}\nsleep 99999;\n',
};

function fill(text: string, scenario: Scenario): string {
  return text.replaceAll('~', scenario.name);
}

function inputs(scenarios: readonly Scenario[]): SideInputs {
  const units: Record<string, string> = {};
  const files: Record<string, { text: string; mode?: number }> = {};
  for (const [path, text] of Object.entries(PROGRAMS)) files[path] = { text, mode: 0o755 };
  for (const scenario of scenarios) {
    for (const [name, text] of Object.entries(scenario.units)) units[fill(name, scenario)] = fill(text, scenario);
    for (const [path, text] of Object.entries(scenario.files ?? {})) files[fill(path, scenario)] = { text: fill(text, scenario), mode: 0o755 };
  }
  return { units, files };
}

function bootBoth(scenarios: readonly Scenario[]): ReturnType<typeof bootSides> {
  const both = inputs(scenarios);
  return bootSides(both, Object.keys(both.units).filter((name) => /^[^@/]+\.(service|target)$/.test(name)));
}

/** Heartwood's messages say more, in other words; what must agree is what they are about. */
const COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [/dependency job for/i, 'a dependency failed'], [/assertion failed/i, 'an assertion failed'], [/^Job for .* (failed|canceled)/, 'the job failed'],
  [/bad unit file|failed to load properly/, 'the unit file is bad'], [/refuse manual|only be (started|stopped) as a dependency/, 'refused by its unit file'],
  [/cyclic|Ordering cycle/, 'ordering cycle'], [/conflicting jobs|started and stopped at once/, 'contradiction'],
  [/reload is not applicable|cannot be reloaded/, 'cannot be reloaded'], [/not found|could not be found|not loaded|Invalid unit name|escaped as/, 'no such unit'],
  [/Unknown command verb|no verb/, 'no such verb'],
];

function complaintOf(text: string): string {
  return COMPLAINTS.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

/** What a scenario shows under one manager, line by line. */
async function record({ rig, systemctl }: Side, scenario: Scenario): Promise<string[]> {
  const lines: string[] = [];
  const ctl = (...args: string[]): ReturnType<Rig['run']> => rig.run([systemctl, ...args]);
  const properties = async (unit: string, names: readonly string[]): Promise<Map<string, string>> => {
    const { stdout } = await ctl('show', '-p', names.join(','), unit);
    return new Map(stdout.split('\n').filter((line) => line !== '').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  };
  const shell = async (script: string): Promise<string> => {
    const { stdout, stderr } = await rig.run(['/bin/sh', '-c', script]);
    return (stdout + stderr).trimEnd();
  };
  for (const written of scenario.steps) {
    const step = fill(written, scenario);
    const [verb = '', first = '', ...rest] = step.split(' ');
    const argument = rest.join(' ');
    switch (verb) {
      case 'show': {
        const names = argument === '' ? PROPERTIES : argument.split(',');
        const values = await properties(first, names);
        for (const name of names) lines.push(`${first}: ${name}=${values.get(name) ?? '(absent)'}`);
        break;
      }
      case 'until': {
        const deadline = performance.now() + UNTIL_LIMIT_MS;
        const [name = '', value] = argument.split('=');
        for (;;) {
          const values = await properties(first, value === undefined ? ['ActiveState', 'SubState'] : [name]);
          if (value === undefined ? [...values.values()].includes(argument) : values.get(name) === value) break;
          if (performance.now() > deadline) {
            lines.push(`${step}: never, but ${[...values.values()].join(' ')}`);
            break;
          }
          await sleep(POLL_MS);
        }
        break;
      }
      case 'sleep':
        await sleep(Number(first));
        break;
      case 'signal': {
        const pid = (await properties(first, ['MainPID'])).get('MainPID') ?? '0';
        await shell(`kill -${argument} ${pid}`);
        break;
      }
      case 'living':
        lines.push(`living: ${rig.processes().map(({ command }) => new RegExp(`^hold ${scenario.name} (\\S+)`).exec(command)?.[1]).filter((name) => name !== undefined).sort().join(' ')}`);
        break;
      case 'trace':
        lines.push(...(await shell(`cat /t/${scenario.name} 2>/dev/null`)).split('\n').map((line) => `trace: ${line}`));
        break;
      case 'sh':
        lines.push(...(await shell(step.slice(3))).split('\n').map((line) => `${step}: ${line}`));
        break;
      case 'exists':
        lines.push(`${step}: ${await shell(`test -e ${first} && stat -c '%F %a %U:%G' ${first} || echo no`)}`);
        break;
      default: {
        const { status, stdout, stderr } = await ctl(...step.split(' '));
        const complaint = stderr.split('\n')[0] ?? '';
        const answer = verb.startsWith('is-') ? ` ${stdout.trim().replaceAll('\n', ' ')}` : '';
        lines.push(`${step}: exit ${String(status)}${answer}`, ...(complaint === '' ? [] : [`${step}: says ${complaintOf(complaint)}`]));
      }
    }
  }
  lines.push(...(await shell(`cat /t/${scenario.name} 2>/dev/null`)).split('\n').map((line) => `end: ${line}`));
  return lines;
}

async function recordAll(side: Side, scenarios: readonly Scenario[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const waiting = [...scenarios];
  const worker = async (): Promise<void> => {
    for (let scenario = waiting.shift(); scenario !== undefined; scenario = waiting.shift()) found.set(scenario.name, await record(side, scenario));
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return found;
}

/** The differences as `diff -U` prints them. */
function difference(scenario: Scenario, systemd: readonly string[], heartwood: readonly string[]): string {
  const kept = (lines: readonly string[]): string => lines.filter((line) => !(scenario.differs ?? []).some((entry) => entry.line.test(line))).join('\n') + '\n';
  const [left, right] = [kept(systemd), kept(heartwood)];
  if (left === right) return '';
  const { stdout } = spawnSync('bash', ['-c', 'diff -U2 --label systemd --label heartwood <(printf %s "$1") <(printf %s "$2")', 'diff', left, right], { encoding: 'utf8' });
  return stdout;
}

async function main(names: readonly string[]): Promise<number> {
  const why = whyNoSystemd();
  if (why !== null) {
    console.log(`compare: skipped: ${why}`);
    return 0;
  }
  const verbose = names.includes('-v');
  const wanted = names.filter((name) => name !== '-v');
  const scenarios = SCENARIOS.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
  const sides = await bootBoth(scenarios);
  try {
    const [systemd, heartwood] = await Promise.all(sides.map((side) => recordAll(side, scenarios)));
    let different = 0;
    for (const scenario of scenarios) {
      const text = difference(scenario, systemd?.get(scenario.name) ?? [], heartwood?.get(scenario.name) ?? []);
      if (text !== '') different += 1;
      console.log(`${text === '' ? 'same' : 'DIFFERENT'}  ${scenario.name}${text === '' ? '' : `\n${text}`}`);
      if (verbose) console.log((heartwood?.get(scenario.name) ?? []).join('\n'));
    }
    console.log(`\n${String(scenarios.length)} scenarios, ${String(different)} different`);
    if (verbose) for (const { name, rig } of sides) console.log(`--- ${name}\n${rig.console}`);
    return different === 0 ? 0 : 1;
  } finally {
    await Promise.all(sides.map(({ rig }) => rig.destroy()));
  }
}

process.exitCode = await main(process.argv.slice(2));

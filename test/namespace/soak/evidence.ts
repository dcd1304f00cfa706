/**
 * What a soak keeps of a manager that went wrong, before it is taken down: nobody may be able to bring it there a second time.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rig } from '../rig.ts';

const QUESTIONS: readonly (readonly string[])[] = [['list-jobs'], ['list-units', '--all'], ['is-system-running'], ['status'], ['crash']];
/** Files of /proc/PID that say what a process waits for. */
const PROCESS_FILES = ['stat', 'wchan', 'stack', 'status', 'cgroup'] as const;
/** A process that hangs may let gdb hang. */
const GDB_LIMIT_MS = 20_000;

/**
 * Writes everything that can be learned into a directory of its own.
 *
 * @param units whose states are asked for one by one
 * @param managerLog path inside
 * @returns the directory
 */
export async function gatherEvidence(rig: Rig, units: readonly string[], managerLog: string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-soak-'));
  const keep = (name: string, read: () => string): void => {
    let text: string;
    try {
      text = read();
    } catch (error) {
      text = String(error);
    }
    writeFileSync(join(directory, name), text);
  };
  const processes = [{ pid: rig.pid, command: 'the manager' }, ...rig.processes()];
  keep('console.txt', () => rig.console);
  keep('processes.txt', () => processes.map(describe).join('\n'));
  keep('manager.log', () => readFileSync(rig.path(managerLog), 'utf8'));
  keep('groups.txt', () => execFileSync('grep', ['-r', '', rig.path('/sys/fs/cgroup'), '--include=cgroup.events', '--include=cgroup.procs'], { encoding: 'utf8' }));
  for (const { pid, command } of processes) if (pid === rig.pid || command.includes('/initctl ')) keep(`stack.${String(pid)}.txt`, () => `${command}\n${stackOf(pid)}`);
  keep('checkpoint.txt', () => copyCheckpoint(rig.pid, join(directory, 'checkpoint')));
  // From here on the manager is asked, and need not answer.
  for (const words of QUESTIONS) await ask(words);
  for (const unit of units) for (const verb of ['show', 'why']) await ask([verb, unit]);
  // A record of its life, for `initctl replay`.
  await ask(['daemon-reexec']);
  keep('lives.txt', () => {
    cpSync(rig.path('/run/heartwood/lives'), join(directory, 'lives'), { recursive: true });
    return 'copied';
  });
  return directory;

  async function ask(words: readonly string[]): Promise<void> {
    const { status, stdout, stderr } = await rig.run(['/opt/heartwood/bin/initctl', ...words], { timeoutMs: 10_000 });
    keep(`${words.join(' ')}.txt`, () => `status ${String(status)}\n${stdout}${stderr}`);
  }
}

function describe({ pid, command }: { readonly pid: number; readonly command: string }): string {
  const files = PROCESS_FILES.map((name) => `${name}: ${readText(`/proc/${String(pid)}/${name}`).trimEnd()}`);
  return `== ${String(pid)} ${command}\n${files.join('\n')}\n${fdsOf(pid).join('\n')}\n`;
}

function fdsOf(pid: number): readonly string[] {
  const directory = `/proc/${String(pid)}/fd`;
  try {
    return readdirSync(directory).map((name) => `${name} -> ${readlinkSync(join(directory, name))}`);
  } catch {
    return [];
  }
}

function stackOf(pid: number): string {
  if (!existsSync('/usr/bin/gdb')) return 'gdb is not installed';
  return execFileSync('gdb', ['-p', String(pid), '-batch', '-ex', 'thread apply all bt'], { encoding: 'utf8', timeout: GDB_LIMIT_MS, stdio: ['ignore', 'pipe', 'pipe'] });
}

function copyCheckpoint(pid: number, to: string): string {
  const directory = `/proc/${String(pid)}/fd`;
  const fd = readdirSync(directory).find((name) => readlinkSync(join(directory, name)).startsWith('/memfd:heartwood-checkpoint'));
  if (fd === undefined) return 'there is none';
  copyFileSync(join(directory, fd), to);
  return 'copied';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return String(error);
  }
}

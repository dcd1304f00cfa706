/** The same shell script run with our tools and with the original's, each in a directory of its own; what both did is compared. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OUR_BIN } from '../stage.ts';
import { originalDaemontools } from './original.ts';

const original = originalDaemontools();

const SCRIPT_LIMIT_MS = 20_000;

/** What one run came to: all that it printed, and every file it left with mode and content. */
interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: readonly string[];
}

/** Times differ from run to run. */
function hideLabels(text: string): string {
  return text.replace(/@4[0-9a-f]{23}(?![0-9a-f])/g, '@LABEL');
}

function filesBelow(directory: string, prefix = ''): string[] {
  return readdirSync(directory).sort().flatMap((name) => {
    const path = join(directory, name);
    const status = statSync(path);
    const mode = (status.mode & 0o7777).toString(8);
    if (status.isDirectory()) return [`${prefix}${name}/ ${mode}`, ...filesBelow(path, `${prefix}${name}/`)];
    return [`${prefix}${name} ${mode} ${status.isFile() ? JSON.stringify(readFileSync(path, 'latin1')) : ''}`];
  });
}

function run(bin: string, script: string): Outcome {
  const directory = mkdtempSync(join(tmpdir(), 'daemontools-'));
  try {
    const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: directory, LC_ALL: 'C', TZ: 'UTC' };
    const { status, stdout, stderr, error } = spawnSync('bash', ['-c', script], { cwd: directory, env, encoding: 'latin1', timeout: SCRIPT_LIMIT_MS });
    assert.equal(error, undefined);
    const hidden = (text: string): string => text.replaceAll(directory, 'DIRECTORY').replaceAll(bin, 'BIN').replace(/^(bash: line \d+:) +\d+ /gm, '$1 ');
    const files = filesBelow(directory).join('\n');
    return { status, stdout: hideLabels(hidden(stdout)), stderr: hideLabels(hidden(stderr)), files: hideLabels(files).split('\n') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * A test that both do the same.
 *
 * @param name ID of the behaviour and a sentence about it
 * @param scripts each is run on its own; a bash script, in an empty directory
 */
export function same(name: string, scripts: readonly string[]): void {
  test(name, { skip: original.ok ? false : original.why }, () => {
    if (!original.ok) return;
    for (const script of scripts) assert.deepEqual(run(OUR_BIN, script), run(original.bin, script), script);
  });
}

/** What our tools do alone, for where they do better. */
export function ours(script: string): Omit<Outcome, 'files'> {
  return run(OUR_BIN, script);
}

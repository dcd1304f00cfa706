import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecContext } from '../../src/core/unit/exec-context.ts';
import { buildEnvironment, mergeEnvironment } from '../../src/host/spawn/spawn-environment.ts';
import type { EnvironmentSources } from '../../src/host/spawn/spawn-environment.ts';

const EXEC = {
  environment: [], environmentFiles: [], passEnvironment: [], unsetEnvironment: [], directories: [],
  standardInput: { kind: 'null' }, standardOutput: { kind: 'journal' }, standardError: { kind: 'inherit' }, ttyPath: '/dev/console',
} as unknown as ExecContext;

function sources(exec: Partial<ExecContext>, more: Partial<EnvironmentSources> = {}): EnvironmentSources {
  return {
    exec: { ...EXEC, ...exec }, managerEnvironment: [], extraEnvironment: [], invocationId: 'i'.repeat(32), notifySocket: null, user: null,
    directoryRoots: { runtime: '/run', state: '/var/lib', cache: '/var/cache', logs: '/var/log', configuration: '/etc' },
    ownEnvironment: () => undefined, readSmallFile: () => 'ENOENT', lookup: { exists: () => false, list: () => null }, ...more,
  };
}

function environmentOf(given: EnvironmentSources): Record<string, string> {
  const result = buildEnvironment(given);
  assert.ok(result.ok);
  return Object.fromEntries(mergeEnvironment(result.lower, result.upper, given.exec.unsetEnvironment));
}

test('each source of the environment wins over the ones before it, in the order of systemd.exec(5)', () => {
  const files: Record<string, string> = { '/f': 'E=file\n' };
  const environment = environmentOf(sources(
    { passEnvironment: ['C', 'D', 'E'], environment: ['D=unit', 'E=unit'], environmentFiles: [{ path: '/f', optional: false }] },
    {
      managerEnvironment: ['A=manager', 'B=manager', 'C=manager', 'D=manager', 'E=manager'], extraEnvironment: ['B=own', 'C=own', 'D=own', 'E=own'],
      ownEnvironment: (name) => ({ C: 'passed', D: 'passed', E: 'passed' })[name], readSmallFile: (path) => files[path] ?? 'ENOENT',
    },
  ));
  const { A, B, C, D, E } = environment;
  assert.deepEqual({ A, B, C, D, E }, { A: 'manager', B: 'own', C: 'passed', D: 'unit', E: 'file' });
});

test('a missing environment file stops the spawn, unless its path begins with "-"', () => {
  assert.deepEqual(buildEnvironment(sources({ environmentFiles: [{ path: '/none', optional: false }] })), { ok: false, errno: 'ENOENT', subject: '/none' });
  assert.ok(buildEnvironment(sources({ environmentFiles: [{ path: '/none', optional: true }] })).ok);
});

test('UnsetEnvironment= takes away a name, or exactly one assignment', () => {
  const environment = environmentOf(sources({ environment: ['A=1', 'B=2', 'C=3'], unsetEnvironment: ['A', 'B=2', 'C=other'] }));
  assert.deepEqual([environment['A'], environment['B'], environment['C']], [undefined, undefined, '3']);
});

test('User= brings HOME, USER, LOGNAME and SHELL; directories bring their variables', () => {
  const environment = environmentOf(sources(
    { directories: [{ kind: 'runtime', path: 'a', links: [] }, { kind: 'runtime', path: 'b', links: [] }, { kind: 'state', path: 'c', links: [] }] },
    { user: { name: 'web', uid: 33, gid: 33, home: '/srv/web', shell: '/bin/false' }, notifySocket: '/run/n' },
  ));
  assert.equal(environment['HOME'], '/srv/web');
  assert.equal(environment['USER'], 'web');
  assert.equal(environment['SHELL'], '/bin/false');
  assert.equal(environment['RUNTIME_DIRECTORY'], '/run/a:/run/b');
  assert.equal(environment['STATE_DIRECTORY'], '/var/lib/c');
  assert.equal(environment['NOTIFY_SOCKET'], '/run/n');
  assert.equal(environment['TERM'], undefined, 'no terminal, no TERM');
});

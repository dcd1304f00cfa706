/**
 * The same Debian root where less is allowed: a manager that is not root and has no control groups, and a root that cannot be
 * written. What can run, runs; of what cannot, `why` names the command and how it ended, and its log the cause.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withRig, whyNoNamespaces, type Rig, type RigOptions } from '../namespace/rig.ts';
import { answers, httpClient, memcachedClient, sshClient, type Client } from './clients.ts';
import { debianRoot, LIGHTTPD_PORT } from './debian-root.ts';

const made = whyNoNamespaces() === null ? debianRoot() : { ok: false as const, why: whyNoNamespaces() ?? '' };
const skip = made.ok ? false : made.why;

/** www-data on every Debian: the owner of what lighttpd writes. */
const WWW_DATA = 33;
/** Restart= gives up after five starts in ten seconds; a daemon that fails slowly takes some of them. */
const GIVE_UP_LIMIT_MS = 20_000;

interface Expectation {
  readonly runs: readonly (readonly [unit: string, client: Client | null])[];
  /** Unit, the command `why` must name, and the cause its log must tell. */
  readonly fails: readonly (readonly [unit: string, command: RegExp, cause: RegExp])[];
}

async function assertExpected(rig: Rig, { runs, fails }: Expectation): Promise<void> {
  await rig.booted(60_000);
  for (const [unit, client] of runs) {
    await rig.until(async () => (await rig.initctl('is-active', unit)).stdout.trim() === 'active', { what: `${unit} to be active` });
    if (client !== null) await rig.until(() => answers(rig, client), { what: `${unit} to answer` });
  }
  for (const [unit, command, cause] of fails) {
    await rig.until(async () => (await rig.initctl('is-failed', unit)).status === 0, { limitMs: GIVE_UP_LIMIT_MS, what: `${unit} to be given up` });
    const why = (await rig.initctl('why', unit)).stdout;
    assert.match(why, command, `why ${unit}`);
    assert.match(why, /exited with status \d+/, `why ${unit}`);
    assert.match((await rig.initctl('log', unit)).stdout, cause, `log ${unit}`);
  }
}

const CASES: readonly (readonly [name: string, options: RigOptions, expected: Expectation])[] = [
  ['as www-data without capabilities and control groups', { uid: WWW_DATA, cgroup: 'none' }, {
    runs: [['lighttpd.service', httpClient(LIGHTTPD_PORT, /Server: lighttpd/)], ['rsyslog.service', null]],
    fails: [
      ['redis-server.service', /ExecStart=\/usr\/bin\/redis-server/, /Permission denied/],
      ['nginx.service', /ExecStartPre=\/usr\/sbin\/nginx/, /Permission denied/],
      ['cron.service', /ExecStart=\/usr\/sbin\/cron/, /not permitted|Permission denied/],
      ['ssh.service', /ExecStartPre=\/usr\/sbin\/sshd/, /no hostkeys available/],
      ['memcached.service', /ExecStart=.*memcached-wrapper/, /Only root/],
    ],
  }],
  ['as root in a root directory that is read-only', { readOnlyRoot: true }, {
    runs: [['ssh.service', sshClient], ['memcached.service', memcachedClient], ['cron.service', null], ['rsyslog.service', null]],
    fails: [
      ['redis-server.service', /ExecStart=\/usr\/bin\/redis-server/, /Read-only file system/],
      ['nginx.service', /ExecStartPre=\/usr\/sbin\/nginx/, /Read-only file system/],
      ['lighttpd.service', /ExecStart=\/usr\/sbin\/lighttpd/, /Read-only file system/],
    ],
  }],
];

for (const [name, options, expected] of CASES) {
  describe(name, () => {
    test('what can run, runs; what cannot is explained; and it powers off', { skip }, async () => {
      assert.ok(made.ok);
      await withRig({ root: made.path, ...options }, async (rig) => {
        await assertExpected(rig, expected);
        await rig.initctl('poweroff');
        assert.equal((await rig.ended).status, 0);
      });
    });
  });
}

test('a user that cannot be changed to is told of, for every unit that asks for it', { skip }, async () => {
  assert.ok(made.ok);
  await withRig({ root: made.path, uid: WWW_DATA }, async (rig) => {
    await rig.booted(60_000);
    assert.match((await rig.initctl('status', 'redis-server.service')).stdout, /User=redis/);
  });
});

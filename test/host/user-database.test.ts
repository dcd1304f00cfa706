import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { NativeBinding } from '../../src/host/native.ts';
import { resolveCredentials } from '../../src/host/spawn/credentials.ts';
import { UserDatabase } from '../../src/host/spawn/user-database.ts';
import type { ExecContext } from '../../src/core/unit/exec-context.ts';

const READER = { readSmallFile: (path: string) => readFileSync(path, 'utf8') } as unknown as NativeBinding;

function withFiles(passwd: string, group: string, body: (database: UserDatabase, directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-users-'));
  try {
    writeFileSync(join(directory, 'passwd'), passwd);
    writeFileSync(join(directory, 'group'), group);
    body(new UserDatabase(READER, directory), directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nweb:x:33:33::/srv/web:\nbroken\nbad:x:notanumber:1:::\nweb:x:99:99:::\n';
const GROUP = 'root:x:0:\nweb:x:33:\nlog:x:4:web,root\ndisk:x:6:web\n';

test('users are found by name and by uid; the first entry of a name wins', () => {
  withFiles(PASSWD, GROUP, (database) => {
    assert.deepEqual(database.user('web'), { name: 'web', uid: 33, gid: 33, home: '/srv/web', shell: '/bin/sh' });
    assert.equal(database.user('33')?.name, 'web');
    assert.deepEqual(database.user('4242'), { name: '4242', uid: 4242, gid: 4242, home: '/', shell: '/bin/sh' });
    for (const wrong of ['nobody-here', '-1', '4294967295', '65535', '007', '']) assert.equal(database.user(wrong), null, wrong);
  });
});

test('a changed file is read again', () => {
  withFiles(PASSWD, GROUP, (database, directory) => {
    assert.equal(database.user('new'), null);
    writeFileSync(join(directory, 'passwd'), `${PASSWD}new:x:50:50::/:/bin/sh\n`);
    utimesSync(join(directory, 'passwd'), 1, 1);
    assert.equal(database.user('new')?.uid, 50);
  });
});

test('credentials: own groups, supplementary ones and memberships, sorted; unknown names are left to the executor', () => {
  withFiles(PASSWD, GROUP, (database) => {
    const exec = { user: 'web', group: null, supplementaryGroups: ['root'] } as unknown as ExecContext;
    const own = { uid: 0, gid: 0 };
    const known = resolveCredentials(database, exec, 'normal', own);
    assert.deepEqual(known.kind === 'known' ? known.credentials : null, { uid: 33, gid: 33, groups: [0, 4, 6, 33] });
    assert.equal(resolveCredentials(database, { ...exec, user: 'ldap-user' }, 'normal', own).kind, 'ask-executor');
    const full = resolveCredentials(database, exec, 'no-setuid', own);
    assert.equal(full.kind === 'known' ? full.credentials : 0, null, '"!" leaves the credentials alone');
    assert.equal(full.kind === 'known' ? full.user?.home : '', '/srv/web');
  });
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSpecifierFacts } from '../../../src/host/unit-loader/specifier-facts.ts';

// What systemd 252 says: root's shell is not looked up, $SHELL is heeded by a user's manager.
test('the shell of root is bash where there is one, whatever its entry says, and $SHELL in a user\'s manager', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'heartwood-facts-'));
  t.after(() => { rmSync(root, { recursive: true }); });
  mkdirSync(join(root, 'etc'));
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/zsh\nweb:x:33:33::/srv:/bin/dash\n');
  const shell = (uid: number, mode: 'system' | 'user', environment: Readonly<Record<string, string>> = {}): string => readSpecifierFacts({ mode, root, uid, gid: uid, environment, runtimeRoot: '/run' }).shell;
  assert.equal(shell(0, 'system'), '/bin/sh');
  writeFileSync(join(root, 'bin/bash'), '');
  assert.equal(shell(0, 'system'), '/bin/bash');
  assert.equal(shell(33, 'user'), '/bin/dash');
  assert.equal(shell(0, 'user', { SHELL: '/bin/fish' }), '/bin/fish');
});

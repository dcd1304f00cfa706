/** Services made from init scripts. What systemd 252's generator writes for the same scripts was compared by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateFromScripts, type RunlevelLink } from '../../../src/core/generator/sysv.ts';

function lsb(...lines: string[]): string {
  return `#!/bin/sh\n### BEGIN INIT INFO\n${lines.map((line) => `# ${line}`).join('\n')}\n### END INIT INFO\n`;
}

function generate(scripts: Record<string, string>, starts: readonly [runlevel: string, priority: number, name: string][] = [], known: readonly string[] = []) {
  const path = (name: string): string => `/etc/init.d/${name}`;
  const { files } = generateFromScripts({
    scripts: Object.entries(scripts).map(([name, text]) => ({ path: path(name), text })),
    links: starts.map(([runlevel, priority, name]): RunlevelLink => ({ runlevel, priority, script: path(name) })),
    hasUnitFile: (name) => known.includes(name),
  });
  return new Map(files.map((file) => [file.path, 'link' in file ? `-> ${file.link}` : file.text]));
}

function values(text: string | undefined, key: string): string[] {
  return (text ?? '').split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

test('a header\'s facilities and scripts are what the service starts after, and what it provides comes after it', () => {
  const text = generate({ a: lsb('Provides: a $network', 'Required-Start: $remote_fs $syslog b', 'Should-Start: $named $odd', 'X-Start-Before: z', 'Short-Description: 100% fine') }).get('a.service');
  assert.deepEqual(values(text, 'After'), ['remote-fs.target', 'b.service', 'nss-lookup.target', 'odd.target']);
  assert.deepEqual(values(text, 'Before'), ['network-online.target', 'network.target', 'z.service']);
  assert.deepEqual(values(text, 'Wants'), ['network-online.target', 'network.target']);
  assert.deepEqual(values(text, 'Description'), ['LSB: 100%% fine']);
  assert.deepEqual(values(text, 'SuccessExitStatus'), ['5 6']);
});

test('runlevels 2 to 5 want what is started in them, and scripts without a header go by their numbers', () => {
  const files = generate({ a: lsb('Provides: a'), 'b.sh': '#!/bin/sh\n# chkconfig: 35 10 90\n# description: two \\\n#   lines\n# pidfile: /run/b.pid\n' }, [['3', 20, 'a'], ['5', 20, 'a'], ['3', 10, 'b.sh'], ['0', 1, 'a']]);
  assert.equal(files.get('multi-user.target.wants/a.service'), '-> ../a.service');
  assert.equal(files.get('graphical.target.wants/a.service'), '-> ../a.service');
  assert.deepEqual(values(files.get('a.service'), 'After'), ['b.service']);
  assert.deepEqual(values(files.get('b.service'), 'Before'), ['multi-user.target', 'a.service']);
  assert.deepEqual(values(files.get('b.service'), 'Description'), ['SYSV: two lines']);
  assert.deepEqual([values(files.get('b.service'), 'PIDFile'), values(files.get('b.service'), 'RemainAfterExit')], [['/run/b.pid'], ['no']]);
  assert.equal([...files.keys()].some((path) => path.startsWith('poweroff')), false);
});

test('a script with a unit file is left alone, a name that is provided and free is another name of the service', () => {
  const files = generate({ a: lsb('Provides: a extra taken mail'), known: lsb('Provides: known') }, [], ['known.service', 'taken.service']);
  assert.deepEqual([...files.keys()], ['a.service', 'extra.service', 'mail.service']);
  assert.equal(files.get('extra.service'), '-> a.service');
});

test('a script that says it can reload is reloaded by it', () => {
  assert.deepEqual(values(generate({ a: `${lsb('Provides: a')}echo "Usage: a {start|reload}"\n` }).get('a.service'), 'ExecReload'), ['/etc/init.d/a reload']);
  assert.deepEqual(values(generate({ a: lsb('Provides: a') }).get('a.service'), 'ExecReload'), []);
});

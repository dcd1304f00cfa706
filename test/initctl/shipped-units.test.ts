/** The unit files that come with Heartwood are the first ones it must understand without a word. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const CHECKOUT = dirname(dirname(import.meta.dirname));
/** What a unit file's name ends with; presets and programs lie beside them. */
const UNIT_FILE = /\.(service|target|slice|socket)$/;

for (const directory of ['units/system', 'units/user', 'units/demo']) {
  test(`initctl verify finds no mistake in ${directory}`, (t) => {
    const files = readdirSync(join(CHECKOUT, directory)).filter((name) => UNIT_FILE.test(name)).map((name) => join(CHECKOUT, directory, name));
    assert.ok(files.length > 5, 'there are units to verify');
    // Whatever package keeps the messages of the system brings the service of syslog.socket.
    const packaged = mkdtempSync(join(tmpdir(), 'heartwood-packaged-'));
    t.after(() => { rmSync(packaged, { recursive: true }); });
    writeFileSync(join(packaged, 'syslog.service'), '[Service]\nExecStart=/bin/true\n');
    const { status, stdout, stderr } = spawnSync(join(CHECKOUT, 'bin/initctl'), ['verify', ...files, join(packaged, 'syslog.service')], { encoding: 'utf8' });
    // The demo brings its own copy of Node, which is not there before the demo runs.
    const said = (stdout + stderr).split('\n').filter((line) => !/\/run\/demo\/\S+ is not an executable file here/.test(line)).join('\n');
    assert.doesNotMatch(said, /\b(error|warning):/);
    if (said === stdout + stderr) assert.equal(status, 0, said);
  });
}

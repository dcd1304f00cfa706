/** The unit files that come with Heartwood are the first ones it must understand without a word. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const CHECKOUT = dirname(dirname(import.meta.dirname));
/** What a unit file's name ends with; presets and programs lie beside them. */
const UNIT_FILE = /\.(service|target|slice|socket)$/;

for (const directory of ['units/system', 'units/user', 'units/demo']) {
  test(`initctl verify finds no mistake in ${directory}`, () => {
    const files = readdirSync(join(CHECKOUT, directory)).filter((name) => UNIT_FILE.test(name)).map((name) => join(CHECKOUT, directory, name));
    assert.ok(files.length > 5, 'there are units to verify');
    const { status, stdout, stderr } = spawnSync(join(CHECKOUT, 'bin/initctl'), ['verify', ...files], { encoding: 'utf8' });
    // The demo brings its own copy of Node, which is not there before the demo runs.
    const said = (stdout + stderr).split('\n').filter((line) => !/\/run\/demo\/\S+ is not an executable file here/.test(line)).join('\n');
    assert.doesNotMatch(said, /\b(error|warning):/);
    if (said === stdout + stderr) assert.equal(status, 0, said);
  });
}

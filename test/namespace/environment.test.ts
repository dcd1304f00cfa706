/** The manager's block of variables: what clients bring. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

test('import-environment takes the caller\'s variables', { skip }, async () => {
  await withRig({}, async (rig) => {
    await rig.booted();
    const { status } = await rig.run(['env', 'DISPLAY=:7', 'OTHER=x', '/opt/heartwood/bin/initctl', 'import-environment', 'DISPLAY', 'NOT_THERE']);
    assert.equal(status, 0);
    const shown = (await rig.initctl('show-environment')).stdout;
    assert.match(shown, /^DISPLAY=:7$/m);
    assert.doesNotMatch(shown, /OTHER|NOT_THERE/);
  });
});

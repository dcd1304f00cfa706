/** A unit that is named more than once: asked about it answers as often, what is done to it, or would be, is done once. As systemctl does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

test('each name gets an answer, its own or by an alias, and patterns come last; a start of the same is one job', { skip }, async () => {
  await withRig({
    units: {
      'default.target': '[Unit]\nWants=web.service\n',
      'web.service': '[Service]\nExecStart=/bin/sleep 1000\n',
      'www.service': { link: 'web.service' },
      'other.service': '[Service]\nExecStart=/bin/sleep 1000\n',
    },
  }, async (rig) => {
    await rig.booted();
    const systemctl = (...words: string[]): Promise<{ stdout: string }> => rig.run(['/opt/heartwood/bin/systemctl', ...words]);
    assert.equal((await systemctl('show', '-p', 'Id', '--value', 'we*', 'other', 'www', 'web', 'web')).stdout,
      'other.service\n\nweb.service\n\nweb.service\n\nweb.service\n\nweb.service\n');
    assert.equal((await systemctl('is-active', 'web', 'other', 'www', 'web')).stdout, 'active\ninactive\nactive\nactive\n');
    assert.equal((await systemctl('cat', 'web', 'www')).stdout.match(/ExecStart/g)?.length, 2);
    assert.equal((await systemctl('status', '-n0', 'web', 'web')).stdout.match(/Active:/g)?.length, 2);
    assert.equal((await rig.initctl('plan', 'start', 'other', 'other')).stdout.match(/start other\.service/g)?.length, 1);
    const asked = JSON.parse((await rig.initctl('start', '--json', 'other', 'other')).stdout) as { jobs?: unknown[] } | unknown[];
    assert.equal((Array.isArray(asked) ? asked : asked.jobs)?.length, 1);
  });
});

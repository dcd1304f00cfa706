/** Probes on the real kernel: each kind, what waits for it, and what a service that hangs gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NODE_INSIDE, whyNoNamespaces, withRig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Listens after half a second; /ill makes it answer with 503 from then on. */
const SERVER = `import { createServer } from 'node:http';
let isWell = true;
setTimeout(() => createServer((request, response) => {
  if (request.url === '/ill') isWell = false;
  response.writeHead(isWell ? 200 : 503).end();
}).listen(8080, '127.0.0.1'), 500);
`;

const UNITS = {
  'web.service': `[Service]\nExecStart=${NODE_INSIDE}/node /srv/server.mjs\nReadinessProbe=http://127.0.0.1:8080/\nLivenessProbe=http://localhost:8080/healthz\nLivenessProbeIntervalSec=200ms\nLivenessProbeFailures=2\nRestart=on-failure\nRestartSec=100ms\n`,
  'client.service': '[Unit]\nRequires=web.service\nAfter=web.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/bash -c "exec 3<>/dev/tcp/127.0.0.1/8080"\n',
  'tcp.service': '[Service]\nExecStart=/bin/sleep infinity\nReadinessProbe=tcp:127.0.0.1:9\nTimeoutStartSec=1\n',
  'file.service': '[Service]\nExecStart=/bin/sh -c "sleep 0.3; touch /run/file-is-up; exec sleep infinity"\nStartupProbe=file:/run/file-is-up\nStartupProbeIntervalSec=100ms\n',
  'exec.service': '[Service]\nExecStart=/bin/sh -c "sleep 0.3; touch /run/exec-is-up; exec sleep infinity"\nReadinessProbe=exec:/bin/sh -c "test -e /run/exec-is-up && kill -0 $MAINPID"\nReadinessProbeIntervalSec=100ms\n',
  'unix.service': `[Service]\nExecStart=/bin/sleep infinity\nReadinessProbe=unix:/run/heartwood/control\n`,
};

test('what is ordered after a service waits for its readiness, and a service that answers badly is restarted', { skip }, async () => {
  await withRig({ units: UNITS, files: { '/srv/server.mjs': { text: SERVER } } }, async (rig) => {
    await rig.booted();
    const start = await rig.initctl('start', 'client.service');
    assert.equal(start.status, 0, start.stdout + start.stderr + rig.console);
    assert.match((await rig.initctl('status', 'web.service')).stdout, /Probes: readiness ok/);
    const first = await rig.property('web.service', 'MainPID');
    await rig.run(['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET /ill HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3']);
    await rig.until(async () => (await rig.property('web.service', 'NRestarts')) === '1' && (await rig.property('web.service', 'SubState')) === 'running', { what: 'the restart' });
    assert.notEqual(await rig.property('web.service', 'MainPID'), first);
  });
});

test('probes of all kinds are asked, with and without success, and a new engine goes on asking', { skip }, async () => {
  await withRig({ units: UNITS }, async (rig) => {
    await rig.booted();
    for (const unit of ['file.service', 'exec.service', 'unix.service']) {
      const start = await rig.initctl('start', unit);
      assert.equal(start.status, 0, `${unit}: ${start.stdout}${start.stderr}${rig.console}`);
      assert.equal(await rig.property(unit, 'ActiveState'), 'active');
    }
    assert.equal((await rig.initctl('start', 'tcp.service')).status, 1);
    assert.equal(await rig.property('tcp.service', 'Result'), 'timeout');
    assert.match(await rig.property('tcp.service', 'Probes'), /readiness failing \(\d+ in a row\): ECONNREFUSED/);
    assert.equal((await rig.initctl('daemon-reexec')).status, 0);
    await rig.run(['rm', '/run/exec-is-up']);
    await rig.until(async () => /failed \(\d+ in a row\): exit status 1/.test(await rig.property('exec.service', 'Probes')), { what: 'the probe to say no' });
    assert.equal(await rig.property('exec.service', 'ActiveState'), 'active');
  });
});

test('a start waits for a line of the log, which counts whether the engine or logd dies before it is written or after', { skip }, async () => {
  const unit = (name: string) => `[Service]\nExecStart=/bin/sh -c "printf 'listening '; until test -e /run/go-${name}; do sleep 0.1; done; echo on port 80; exec sleep infinity"\nReadinessProbe=log:listening on *\n`;
  const units = {
    'engine.service': unit('engine'), 'logd.service': unit('logd'), 'never.service': '[Service]\nExecStart=/bin/sh -c "echo starting; exec sleep infinity"\nStartupProbe=log:listening\nTimeoutStartSec=2\n',
    'both.service': `${unit('both')}Restart=on-failure\n`, 'after.service': '[Unit]\nRequires=both.service\nAfter=both.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n',
  };
  await withRig({ units, env: { HEARTWOOD_FAULTS: '1' } }, async (rig) => {
    await rig.booted();
    for (const [name, ...faults] of [['engine', 'segv'], ['logd', 'logd'], ['both', 'logd', 'segv']] as const) {
      assert.equal((await rig.initctl('start', '--no-block', name === 'both' ? 'after.service' : `${name}.service`)).status, 0);
      await rig.until(async () => (await rig.property(`${name}.service`, 'Probes')) === 'readiness asked', { what: `${name}.service to be asked` });
      for (const fault of faults) {
        const died = await rig.initctl('fault', fault);
        assert.equal(died.status, 0, died.stderr);
      }
      await rig.run(['touch', `/run/go-${name}`]);
      await rig.until(async () => (await rig.property(`${name}.service`, 'ActiveState')) === 'active', { what: `the line of ${name}.service after ${faults.join(' and ')}` });
      assert.equal(await rig.property(`${name}.service`, 'Probes'), 'readiness ok');
    }
    await rig.until(async () => (await rig.property('after.service', 'ActiveState')) === 'active', { what: 'what waits for both.service' });
    assert.equal((await rig.initctl('start', 'never.service')).status, 1);
    assert.equal(await rig.property('never.service', 'Result'), 'timeout');
  });
});

/** ExecScript=: services whose process is a script, in a real manager. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHECKOUT_INSIDE, whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;
const INITCTL = `${CHECKOUT_INSIDE}/bin/initctl`;

const SHOP = `import { cmd, command, parallel, pipe, reply, run, runIfUp, scriptName, unit, type Thread } from 'heartwood';
import { greeting } from './greeting.ts';

const orders = pipe('orders');
const clerk: Thread = parallel(async () => { for (;;) await run({ argv: ['/bin/sh', '-c', 'while read line; do echo "$line" >> /run/orders; done'], stdin: orders.output }); });
command('greet', (name: string) => { reply(greeting(name), scriptName()); });
command('order', async (what: string) => { await orders.input.writeln(what); });
command('fire', () => { clerk.signal('SIGKILL'); });
command('other', async () => {
  await unit('other').start();
  reply(await unit('other.service').state());
});
command('bad', () => { throw new Error('no such luck'); });
command('version', () => { reply('VERSION'); });
for (;;) await runIfUp(cmd('/bin/sleep 7701'));
`;
const service = (script: string, ...more: readonly string[]): string => `[Service]\nExecScript=${script}\n${more.map((line) => `${line}\n`).join('')}`;
const UNITS = {
  'default.target': '[Unit]\nDescription=Nothing\n',
  'shop.service': service('/srv/shop.ts'),
  'loop.service': service('/srv/loop.js', 'WatchdogSec=2', 'Restart=on-failure', 'RestartSec=1h'),
  'hog.service': service('/srv/hog.js'),
  'throws.service': service('/srv/throws.js'),
  'broken.service': service('/srv/broken.ts'),
  'lua.service': service('/srv/lua.lua', 'User=65534'),
  'short.service': service('/srv/short.js'),
  'both.service': `${service('/srv/shop.ts')}ExecStart=/bin/sleep 7702\n`,
  'other.service': '[Service]\nExecStart=/bin/sleep 7703\n',
};
const FILES = {
  '/srv/shop.ts': { text: SHOP },
  '/srv/greeting.ts': { text: 'export function greeting(name: string): string {\n  return `hello ${name}`;\n}\n' },
  '/srv/loop.js': { text: "import { command, waitEvent, run, parallel } from 'heartwood';\nparallel(() => run('/bin/sleep', '7704'));\ncommand('spin', () => { for (;;); });\nawait waitEvent('never');\n" },
  '/srv/hog.js': { text: "import { command, waitEvent } from 'heartwood';\ncommand('eat', () => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); });\nawait waitEvent('never');\n" },
  '/srv/throws.js': { text: "import { run } from 'heartwood';\n\nnothing.at.all();\n" },
  '/srv/broken.ts': { text: 'const a: number = 1;\nconst b: = 2;\n' },
  '/srv/lua.lua': { text: 'function command.who() run { stdout = nil, "id", "-u" } reply "asked" end\nfunction command.paths() reply(scriptName()) end\nwhile true do runIfUp { cmd "/bin/sleep 7705" } end\n' },
  '/srv/short.js': { text: "import { run, parallel } from 'heartwood';\nparallel(() => run('/bin/sleep', '7706'));\nawait run('/bin/sleep', '0.2');\n" },
};

const running = (rig: Rig, command: string): number | null => rig.processes().find((each) => each.command.includes(command))?.pid ?? null;
async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(what);
}

test('a script in TypeScript defines the commands of its unit, runs programs, joins them by pipes and steers other units', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    const call = async (...words: readonly string[]): Promise<string> => {
      const { stdout, stderr, status } = await rig.run([INITCTL, 'call', 'shop', ...words]);
      return `${stdout}${stderr}${status === 0 ? '' : String(status)}`;
    };
    assert.equal((await rig.initctl('start', 'shop')).status, 0);
    assert.equal(await rig.property('shop.service', 'StatusText'), 'the script runs');
    await until('the script runs its program', () => running(rig, 'sleep 7701') !== null);
    assert.equal(await call('greet', 'you'), 'hello you /srv/shop.ts\n');
    assert.equal(await call('bad'), 'heartwood-script: /srv/shop.ts:13: no such luck\n1');
    assert.equal(await call('dance'), 'heartwood-script: command "dance" is not defined by /srv/shop.ts\n1');
    assert.equal(await call('other'), 'active\n');
    assert.equal(await call('down'), '');
    await until('down ends the program', () => running(rig, 'sleep 7701') === null);
    assert.equal(await call('up'), '');
    await until('up starts it', () => running(rig, 'sleep 7701') !== null);
    await call('order', 'tea');
    await until('the clerk writes', async () => (await rig.run(['cat', '/run/orders'])).stdout === 'tea\n');
    await rig.initctl('stop', 'shop');
    assert.equal(running(rig, 'sleep 7701'), null);
    assert.equal(running(rig, 'while read'), null);
    assert.equal(await rig.property('shop.service', 'Result'), 'success');
  });
});

test('a script that is loaded anew keeps its children, pipes and events; one that cannot be understood changes nothing', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    const call = async (command: string, ...words: readonly string[]): Promise<string> => (await rig.run([INITCTL, 'call', 'shop', command, ...words])).stdout;
    await rig.initctl('start', 'shop');
    await until('the program runs', () => running(rig, 'sleep 7701') !== null);
    const [child, clerk, host] = [running(rig, 'sleep 7701'), running(rig, 'while read'), await rig.property('shop.service', 'MainPID')];
    writeFileSync(rig.path('/srv/shop.ts'), SHOP.replace('VERSION', 'second'));
    assert.equal((await rig.initctl('reload', 'shop')).status, 0);
    assert.equal(await call('version'), 'second\n');
    await sleep(3_000);
    assert.deepEqual([running(rig, 'sleep 7701'), running(rig, 'while read'), await rig.property('shop.service', 'MainPID')], [child, clerk, host]);
    await call('order', 'coffee');
    await until('the pipe is the same', async () => (await rig.run(['cat', '/run/orders'])).stdout === 'coffee\n');

    writeFileSync(rig.path('/srv/shop.ts'), 'const a = ;\n');
    await rig.initctl('reload', 'shop');
    assert.match(await rig.property('shop.service', 'StatusText'), /not loaded anew: \/srv\/shop\.ts:1: Unexpected token/);
    assert.equal(await call('version'), 'second\n');
    assert.equal(running(rig, 'sleep 7701'), child);

    writeFileSync(rig.path('/srv/shop.ts'), SHOP.replace('sleep 7701', 'sleep 7711'));
    await rig.initctl('reload', 'shop');
    await until('the new program runs and the old one does not', () => running(rig, 'sleep 7711') !== null && running(rig, 'sleep 7701') === null);
    assert.equal(running(rig, 'while read'), clerk);
  });
});

test('a script that loops for ever, eats memory, throws, ends or cannot be understood harms only its unit, which says why', { skip, timeout: 120_000 }, async () => {
  await withRig({ units: UNITS, files: FILES }, async (rig) => {
    await rig.booted();
    await rig.initctl('start', 'lua', 'loop', 'hog', 'short');
    const lua = await rig.run([INITCTL, 'call', 'lua', 'paths']);
    assert.equal(lua.stdout, '/srv/lua.lua\n');
    const status = (unit: string): Promise<string> => rig.property(unit, 'StatusText');

    assert.match((await rig.run([INITCTL, 'call', 'loop', 'spin'])).stderr, /the script does not come back: it loops/);
    await until('the unit of the loop ends with its children', async () => running(rig, 'sleep 7704') === null && (await rig.property('loop.service', 'SubState')) === 'auto-restart');
    assert.match((await rig.run([INITCTL, 'call', 'hog', 'eat'])).stderr, /needs more than 64 MB/);
    await until('the unit of the hog fails', async () => (await rig.property('hog.service', 'ActiveState')) === 'failed');
    assert.notEqual((await rig.initctl('start', 'throws')).status, 0);
    assert.match(await status('throws.service'), /^\/srv\/throws\.js:3: nothing is not defined/);
    assert.notEqual((await rig.initctl('start', 'broken')).status, 0);
    assert.match(await status('broken.service'), /^\/srv\/broken\.ts:2: Unexpected token/);
    await until('who ends takes children along', async () => (await rig.property('short.service', 'ActiveState')) === 'inactive');
    assert.equal(running(rig, 'sleep 7706'), null);
    assert.equal(await rig.property('short.service', 'Result'), 'success');
    assert.equal(await rig.property('lua.service', 'ActiveState'), 'active');
    assert.match((await rig.initctl('verify', 'both.service')).stdout + (await rig.initctl('verify', 'both.service')).stderr, /ExecScript=.*a service with ExecStart= has no script/);
  });
});

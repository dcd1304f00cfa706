/** heartwood-bus-name against a bus that behaves, and against what is none. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { addonPath } from './native-under-test.ts';

const NAME = 'org.example.Clock';
const program = join(dirname(addonPath), 'heartwood-bus-name');
/** No question of these tests takes longer; one that does hangs. */
const LIMIT_MS = 30_000;

/** Numbers of header fields and types of messages, from the D-Bus specification. */
const MEMBER = 3;
const REPLY_SERIAL = 5;
const REPLY = 2;
const ERROR = 3;
const SIGNAL = 4;

let directory = '';

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'heartwood-bus-'));
});

after(() => {
  rmSync(directory, { recursive: true, force: true });
});

class Writer {
  bytes: number[] = [];

  align(boundary: number): this {
    while (this.bytes.length % boundary !== 0) this.bytes.push(0);
    return this;
  }

  number(value: number): this {
    this.align(4);
    const buffer = Buffer.alloc(4);
    if (endianness() === 'LE') buffer.writeUInt32LE(value);
    else buffer.writeUInt32BE(value);
    this.bytes.push(...buffer);
    return this;
  }

  string(text: string): this {
    this.number(text.length);
    this.bytes.push(...Buffer.from(text), 0);
    return this;
  }
}

/** A message of the bus with strings for a body. `reply`: the serial it answers, or null. */
function message(type: number, strings: readonly string[], { reply = null, member = null }: { reply?: number | null; member?: string | null }): Buffer {
  const body = new Writer();
  for (const text of strings) body.string(text);
  const fields = new Writer();
  // A sender stands in every message of a bus.
  fields.bytes.push(7, 1, 's'.charCodeAt(0), 0);
  fields.string('org.freedesktop.DBus');
  if (reply !== null) {
    fields.align(8).bytes.push(REPLY_SERIAL, 1, 'u'.charCodeAt(0), 0);
    fields.number(reply);
  }
  if (member !== null) {
    fields.align(8).bytes.push(MEMBER, 1, 's'.charCodeAt(0), 0);
    fields.string(member);
  }
  fields.align(8).bytes.push(8, 1, 'g'.charCodeAt(0), 0, strings.length, ...Buffer.from('s'.repeat(strings.length)), 0);
  const all = new Writer();
  all.bytes.push((endianness() === 'LE' ? 'l' : 'B').charCodeAt(0), type, 1, 1);
  all.number(body.bytes.length).number(7).number(fields.bytes.length);
  all.bytes.push(...fields.bytes);
  all.align(8).bytes.push(...body.bytes);
  return Buffer.from(all.bytes);
}

const changed = (name: string, owner: string): Buffer => message(SIGNAL, [name, owner === '' ? ':1.5' : '', owner], { member: 'NameOwnerChanged' });

/** What the bus does once somebody was let in and has asked who owns the name. */
type Answers = (client: Socket) => void;

/** Lets everybody in and calls `answers` when all three calls have come. @returns its address, and how to end it */
async function openBus(answers: Answers, welcome = 'OK 0123456789abcdef\r\n'): Promise<{ readonly address: string; readonly close: () => void; readonly heard: () => string }> {
  const path = join(directory, `bus-${String(Math.random()).slice(2)}`);
  let heard = '';
  const clients: Socket[] = [];
  const server: Server = createServer((client) => {
    clients.push(client);
    client.on('error', () => undefined);
    client.on('data', (bytes) => {
      const before = heard;
      heard += bytes.toString('latin1');
      if (!before.includes('AUTH') && heard.includes('AUTH')) client.write(welcome);
      if (!before.includes('GetNameOwner') && heard.includes('GetNameOwner')) answers(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { address: `unix:path=${path},guid=00`, heard: () => heard, close: () => {
    for (const client of clients) client.destroy();
    server.close();
  } };
}

async function ask(address: string, ...words: readonly string[]): Promise<{ readonly status: number | null; readonly said: string }> {
  const child = spawn(program, ['--session', ...words], { env: { DBUS_SESSION_BUS_ADDRESS: address }, timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => { said += bytes.toString(); });
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, said };
}

const hello = message(REPLY, [':1.7'], { reply: 1 });
const matched = message(REPLY, [], { reply: 2 });
const nobody = message(ERROR, ['no such name'], { reply: 3 });
const somebody = message(REPLY, [':1.5'], { reply: 3 });

async function statusWith(word: 'await' | 'lose', answers: Answers, welcome?: string): Promise<{ readonly status: number | null; readonly said: string }> {
  const bus = await openBus(answers, welcome);
  try {
    return await ask(bus.address, word, NAME);
  } finally {
    bus.close();
  }
}

test('a name that has an owner is not waited for, nor is the loss of one that has none', async () => {
  assert.deepEqual(await statusWith('await', (client) => client.write(Buffer.concat([hello, matched, somebody]))), { status: 0, said: '' });
  assert.deepEqual(await statusWith('lose', (client) => client.write(Buffer.concat([hello, matched, nobody]))), { status: 0, said: '' });
});

test('a change is waited for, however the bytes arrive, and those of other names are passed over', async () => {
  const slowly = (bytes: Buffer) => (client: Socket): void => {
    let at = 0;
    const timer = setInterval(() => {
      client.write(bytes.subarray(at, at + 7));
      at += 7;
      if (at >= bytes.length) clearInterval(timer);
    }, 1);
  };
  assert.equal((await statusWith('await', slowly(Buffer.concat([hello, changed('org.example.Other', ':1.2'), matched, nobody, changed(NAME, ''), changed(NAME, ':1.9')])))).status, 0);
  assert.equal((await statusWith('lose', slowly(Buffer.concat([hello, matched, somebody, changed(NAME, ':1.9'), changed(NAME, '')])))).status, 0);
});

test('it shows itself by its uid and asks for the changes of its name alone', async () => {
  const bus = await openBus((client) => client.write(Buffer.concat([hello, matched, somebody])));
  await ask(bus.address, 'await', NAME);
  bus.close();
  const uid = Buffer.from(String(process.getuid?.())).toString('hex');
  assert.ok(bus.heard().startsWith(`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`));
  assert.match(bus.heard(), /member='NameOwnerChanged',arg0='org\.example\.Clock'/);
});

test('a bus that refuses, speaks nonsense or goes away ends it with the reason', async () => {
  const refused = await statusWith('await', () => undefined, 'REJECTED EXTERNAL\r\n');
  assert.equal(refused.status, 1);
  assert.match(refused.said, /does not let us in: REJECTED/);
  assert.match((await statusWith('await', (client) => client.write(message(ERROR, ['too many connections'], { reply: 1 })))).said, /refused: too many connections/);
  assert.match((await statusWith('await', (client) => client.write(Buffer.alloc(64, 0x7f)))).said, /no message/);
  const long = Buffer.from(hello);
  long.writeUInt32LE(0x7fff_ffff, 12);
  assert.match((await statusWith('await', (client) => client.write(long))).said, /too long/);
  const cut = Buffer.from(hello);
  // The first field claims to be longer than the message.
  cut.fill(0xff, 20, 23);
  assert.match((await statusWith('await', (client) => client.write(cut))).said, /damaged/);
  assert.match((await statusWith('lose', (client) => client.end(Buffer.concat([hello, matched, somebody])))).said, /went away: end of file/);
});

test('where there is no bus, and with wrong words, it says so', async () => {
  assert.match((await ask(`unix:path=${directory}/none`, 'await', NAME)).said, /No such file or directory/);
  assert.match((await ask('tcp:host=localhost,port=1', 'await', NAME)).said, /no address of a Unix socket: tcp:/);
  for (const words of [[], ['await'], ['own', NAME], ['await', `${NAME}'`], ['await', 'x'.repeat(256)]]) {
    assert.equal((await ask('unix:path=/none', ...words)).status, 2, words.join(' '));
  }
});

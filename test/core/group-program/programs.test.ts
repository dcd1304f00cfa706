import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindProgram } from '../../../src/core/group-program/bind-program.ts';
import { deviceProgram } from '../../../src/core/group-program/device-program.ts';
import { networkVerdicts } from '../../../src/core/group-program/network-verdicts.ts';
import { packetProgram } from '../../../src/core/group-program/packet-program.ts';

const EXIT = 0x95;
const INSTRUCTION_BYTES = 8;
const DOUBLE_LOAD = 0x18;

/** Whether every instruction can be reached from the first one, and none leads out of the program: what the kernel's verifier asks first. */
function isWhole(program: Uint8Array): boolean {
  const view = new DataView(program.buffer);
  const count = program.length / INSTRUCTION_BYTES;
  const seen = new Set<number>();
  const ahead = [0];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    if (seen.has(at)) continue;
    if (at >= count) return false;
    seen.add(at);
    const code = view.getUint8(at * INSTRUCTION_BYTES);
    const target = at + 1 + view.getInt16(at * INSTRUCTION_BYTES + 2, true);
    if (code === EXIT) continue;
    if (code === 0x05) ahead.push(target);
    else if (code === DOUBLE_LOAD) {
      seen.add(at + 1);
      ahead.push(at + 2);
    } else if ((code & 0x07) === 0x05 && code !== 0x85) ahead.push(at + 1, target);
    else ahead.push(at + 1);
  }
  return seen.size === count;
}

test('every program is one that the kernel can take: nothing in it is out of reach, and no way leads out of it', () => {
  const grant = { type: 'char', major: 1, minor: 3, rights: 'rwm' } as const;
  const everything = { family: null, protocol: null, ports: null };
  const port = { family: 'ipv4', protocol: 'tcp', ports: { first: 1, last: 2 } } as const;
  const programs = [
    deviceProgram([]), deviceProgram([grant, { ...grant, major: null, minor: null, rights: 'r' }]),
    bindProgram('ipv4', [port], [everything]), bindProgram('ipv6', [port], [everything]), bindProgram('ipv4', [everything, port], [everything]), bindProgram('ipv6', [], []),
    ...[null, { isAllowList: true, indexes: [] }, { isAllowList: true, indexes: [1, 2] }, { isAllowList: false, indexes: [] }, { isAllowList: false, indexes: [1] }].flatMap((interfaces) =>
      [null, 5].flatMap((networksMap) => [null, 6].flatMap((countsMap) => (['ingress', 'egress'] as const).map((direction) => packetProgram(direction, { interfaces, networksMap, countsMap }))))),
  ];
  for (const program of programs) assert.ok(isWhole(program), Buffer.from(program).toString('hex').replace(/.{16}/g, '$&\n'));
});

test('a denied network that lies within an allowed one is left out, because what is allowed may', () => {
  const shown = (allow: readonly string[], deny: readonly string[]): readonly string[] => networkVerdicts(allow, deny).map(({ key, value }) => {
    const [bits, mark] = new Uint32Array(key.slice(0, 8).buffer);
    return `${value[0] === 0 ? 'deny' : 'allow'} ${String(mark)}/${String((bits ?? 0) - 32)} ${Buffer.from(key.slice(8, mark === 4 ? 12 : 24)).toString('hex')}`;
  });
  assert.deepEqual(shown(['10.0.0.0/8'], ['10.1.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '11.0.0.0/8']), ['deny 4/0 00000000', 'deny 4/8 0b000000', 'allow 4/8 0a000000']);
  assert.deepEqual(shown(['fe80::/64'], ['fe80::1/128', 'fe80:0:0:1::/64', '::/0']), [
    'deny 6/64 fe800000000000010000000000000000', 'deny 6/0 00000000000000000000000000000000', 'allow 6/64 fe800000000000000000000000000000',
  ]);
  assert.deepEqual(shown([], ['127.0.0.1/32', '127.0.0.1/32']), ['deny 4/32 7f000001'], 'each network once, for the map has room for no more');
  assert.deepEqual(shown(['0.0.0.0/0'], ['::/0']), ['deny 6/0 00000000000000000000000000000000', 'allow 4/0 00000000'], 'the families have nothing to do with each other');
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { whyNoNamespaces, withRig, type Rig } from './rig.ts';

const skip = whyNoNamespaces() ?? false;

/** Asks `status` of 10,000 units that do not exist, a hundred in each request, over one connection. Prints how many answers came. */
function tenThousandQuestions(round: string): string {
  return `
    import { connect } from 'node:net';
    const socket = connect('/run/heartwood/control');
    let next = 0, answers = 0, text = '';
    const ask = () => {
      const units = Array.from({ length: 100 }, (_, index) => 'no-such-${round}-' + next + '-' + index + '.service');
      socket.write(JSON.stringify({ jsonrpc: '2.0', id: next++, method: 'status', params: { units } }) + '\\n');
    };
    socket.write('{"jsonrpc":"2.0","id":"h","method":"hello","params":{"protocol":1,"client":"test"}}\\n');
    ask();
    socket.on('data', (piece) => {
      text += piece;
      const lines = text.split('\\n');
      text = lines.pop();
      for (const line of lines) {
        const { id, result } = JSON.parse(line);
        if (id === 'h') continue;
        answers += result.units.length + result.missing?.length;
        if (next < 100) ask();
        else { console.log(answers); process.exit(0); }
      }
    });`;
}

/** Ten thousand units that stay take more; what noise explains is less. */
const GROWTH_ALLOWED_KIB = 20_000;
/** The manager gives back what a burst has left when it was quiet for some seconds; on a slow machine the clearing up takes its time too. */
const SETTLE_LIMIT_MS = 30_000;

function privateKilobytes(rig: Rig): number {
  return Number(/^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`/proc/${String(rig.pid)}/smaps_rollup`, 'utf8'))?.[1]);
}

async function loadedUnits(rig: Rig): Promise<number> {
  const { stdout } = await rig.initctl('list', '--all', '--json');
  return (JSON.parse(stdout) as unknown[]).length;
}

test('ten thousand questions about units that do not exist leave none of them, and no growth of memory', { skip }, async () => {
  await withRig({ units: { 'default.target': '[Unit]\nDescription=nothing\n' } }, async (rig) => {
    await rig.booted();
    // The machinery is warm, and its memory taken, after the first.
    assert.equal((await rig.node(tenThousandQuestions('a'))).stdout, '10000\n');
    await rig.until(async () => (await loadedUnits(rig)) < 100, { what: 'the units to be forgotten' });
    const before = { units: await loadedUnits(rig), kilobytes: privateKilobytes(rig) };
    assert.equal((await rig.node(tenThousandQuestions('b'))).stdout, '10000\n');
    await rig.until(async () => (await loadedUnits(rig)) === before.units, { what: 'the units to be forgotten again' });
    // What only waits to be collected is given back once the manager has been quiet for some seconds; nothing is asked of it here.
    const allowed = before.kilobytes + GROWTH_ALLOWED_KIB;
    await rig.until(() => privateKilobytes(rig) < allowed, { limitMs: SETTLE_LIMIT_MS, what: `less than ${String(allowed)} KiB` });
  });
});

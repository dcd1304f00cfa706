import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ANSWERS, KIND_OF_SECTION, POOL, bitsOf, isOnPurpose, judgementOf } from './value-answers.ts';

for (const section of Object.keys(KIND_OF_SECTION)) {
  test(`values in [${section}] are refused when systemd 252 refuses them, and make the unit unusable when they do there`, () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const line of readFileSync(ANSWERS, 'utf8').split('\n')) {
      const [own, directive = '', refusedText = '', fatalText = ''] = line.split('\t');
      if (own !== section) continue;
      const [refused, fatal] = [bitsOf(refusedText), bitsOf(fatalText)];
      POOL.forEach((value, index) => {
        asked += 1;
        const theirs = fatal.has(index) ? 'fatal' : refused.has(index) ? 'refused' : 'taken';
        const { judgement: ours, message } = judgementOf(section, directive, value);
        if (theirs === ours || isOnPurpose(section, directive, value)) return;
        wrong.push(`${section}.${directive}=${value}: ${theirs} by systemd, ${ours} here (${message})`);
      });
    }
    assert.ok(asked > POOL.length, 'the answers are there');
    assert.deepEqual(wrong, []);
  });
}

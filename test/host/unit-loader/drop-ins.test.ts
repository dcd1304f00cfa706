/** Which files make up a unit is what systemd 252 answered for the same trees of files. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DROP_IN_ANSWERS, withTree, type DropInAnswer } from './drop-in-trees.ts';
import { filesByHeartwood } from './files-by-heartwood.ts';

const ANSWERS = readFileSync(DROP_IN_ANSWERS, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as DropInAnswer);

test('drop-ins of names, templates, prefixes, aliases and types come from all directories in systemd\'s order, masks and hidden files too', () => {
  assert.ok(ANSWERS.some(({ paths }) => paths.length > 3), 'the answers are there');
  for (const seed of new Set(ANSWERS.map((answer) => answer.seed))) {
    withTree(seed, (root) => {
      for (const { unit, paths } of ANSWERS.filter((answer) => answer.seed === seed)) assert.deepEqual(filesByHeartwood(root, unit), paths, `seed ${String(seed)}, ${unit}`);
    });
  }
});

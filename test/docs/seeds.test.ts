/** The page of behaviours is made from the names of tests; this keeps it so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderPage } from '../../tools/generate-seeds.ts';

test('docs/seeds.md names the tests there are: npx tsx tools/generate-seeds.ts renews it', () => {
  assert.equal(readFileSync(join(import.meta.dirname, '../../docs/seeds.md'), 'utf8'), renderPage());
});

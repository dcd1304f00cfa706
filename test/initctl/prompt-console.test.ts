import assert from 'node:assert/strict';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { showConsole } from '../../src/initctl/prompt-console.ts';

test('what the system says is put above the line being typed, in whole lines, without the line that runs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-console-'));
  const path = join(directory, 'console');
  writeFileSync(path, 'Started one.\n[***] a job is running (1s)\r\x1b[K[***] a job is running (2s)\r\x1b[KStarted two.\r\n[***] a job is runn');
  let text = '';
  const out = new Writable({ write: (chunk, _, done) => { text += String(chunk); done(); } });
  await showConsole(openSync(path, 'r'), out, () => { text += '<prompt>'; });
  rmSync(directory, { recursive: true });
  assert.equal(text, '\r\x1b[JStarted one.\n\x1b[KStarted two.\r\n<prompt>');
});

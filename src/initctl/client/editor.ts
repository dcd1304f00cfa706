/** The editor of the caller's choice. Source: systemctl(1), "$SYSTEMD_EDITOR". */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileOutcome } from '../verb.ts';

/** Looked at in this order; a value may have arguments. */
const VARIABLES = ['SYSTEMD_EDITOR', 'EDITOR', 'VISUAL'] as const;
/** Taken when no variable is set: what most machines have, the friendliest first. */
const USUAL = ['editor', 'nano', 'vim', 'vi'] as const;

/** Runs the editor on a copy that nobody else can read. The outcome has the text as it was left. */
export async function editInEditor(name: string, text: string): Promise<FileOutcome> {
  const chosen = VARIABLES.map((variable) => process.env[variable] ?? '').find((value) => value !== '');
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-edit-'));
  try {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    for (const editor of chosen === undefined ? USUAL : [chosen]) {
      const end = await run(editor, file);
      if (end === 'missing' && chosen === undefined) continue;
      if (end !== null) return { ok: false, error: end === 'missing' ? `the editor ${editor} cannot be run` : end };
      return { ok: true, text: readFileSync(file, 'utf8') };
    }
    return { ok: false, error: `no editor was found; set $${VARIABLES[1]}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @returns null, or why the text is not to be taken */
function run(editor: string, file: string): Promise<string | null> {
  const [program = '', ...words] = editor.split(/\s+/).filter((word) => word !== '');
  return new Promise((resolve) => {
    const child = spawn(program, [...words, file], { stdio: 'inherit' });
    child.on('error', () => { resolve('missing'); });
    child.on('exit', (status, signal) => { resolve(status === 0 ? null : `the editor ended with ${signal ?? `status ${String(status)}`}`); });
  });
}

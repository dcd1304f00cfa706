/**
 * Makes docs/seeds.md: every behaviour of the five managers whose users Heartwood welcomes, its native form, the tests that bear its
 * name, and whether it is met. `npx tsx tools/generate-seeds.ts` writes it, with `--check` it only compares.
 *
 * A test is named `ID: sentence` or `ID, ID: sentence`; a behaviour is met when a test has its name.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const PAGE = join(ROOT, 'docs/seeds.md');

const NAMES: Readonly<Record<string, string>> = { SE: 'sema', ZD: 'zdaemon', PM: 'pmtr', MS: 'minisv', DT: 'daemontools' };

function rows(file: string): readonly (readonly string[])[] {
  return readFileSync(join(ROOT, 'tools/seeds', file), 'utf8').split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
}

interface NamedTest { readonly sentence: string; readonly file: string }

/** The tests by the IDs in their names. */
function testsById(): Map<string, NamedTest[]> {
  const found = new Map<string, NamedTest[]>();
  const tests = join(ROOT, 'test/seeds');
  for (const file of readdirSync(tests, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.test.ts')) continue;
    for (const match of readFileSync(join(tests, file), 'utf8').matchAll(/^\s*(?:test|same)\('((?:[A-Z]{2}-\d\d(?:, )?)+): ([^']*)'/gm)) {
      for (const id of (match[1] ?? '').split(', ')) {
        found.set(id, [...(found.get(id) ?? []), { sentence: match[2] ?? '', file }]);
      }
    }
  }
  return found;
}

export function renderPage(): string {
  const tests = testsById();
  const forms = new Map(rows('native-forms.tsv').map(([id = '', form = '']) => [id, form]));
  const lines = [
    '# Behaviours of daemontools, pmtr, zdaemon, minisv and sema', '',
    'Made by `npx tsx tools/generate-seeds.ts` from the names of the tests in `test/seeds`; not to be edited. *Native form* is how the same is',
    'said to Heartwood itself. A behaviour is *met* when a test that bears its name passes through the command of that manager.', '',
  ];
  for (const [prefix = '', count = '0', form = ''] of rows('behaviours.tsv')) {
    const ids = Array.from({ length: Number(count) }, (_, i) => `${prefix}-${String(i + 1).padStart(2, '0')}`);
    const met = ids.filter((id) => tests.has(id)).length;
    lines.push(`## ${NAMES[prefix] ?? prefix}: ${String(met)} of ${count}`, '', '| ID | native form | test | state |', '|---|---|---|---|');
    for (const id of ids) {
      const named = tests.get(id) ?? [];
      const described = named.map(({ sentence, file }) => `${sentence} (${file})`).join('; ');
      lines.push(`| ${id} | ${(forms.get(id) ?? form).replaceAll('|', '\\|')} | ${described.replaceAll('|', '\\|')} | ${named.length > 0 ? 'met' : 'not yet'} |`);
    }
    lines.push('');
  }
  return lines.join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const text = renderPage();
  if (process.argv.includes('--check')) process.exitCode = readFileSync(PAGE, 'utf8') === text ? 0 : 1;
  else writeFileSync(PAGE, text);
}

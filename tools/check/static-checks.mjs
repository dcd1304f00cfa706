/** The checks that run nothing of the project: types, lint, import rules. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../set-up/checkout.mjs';
import { filesUnder } from '../set-up/fingerprint.mjs';
import { runCaptured } from './run-captured.mjs';

const PACKAGES = join(checkoutRoot, 'node_modules');

/**
 * @typedef {{ name: string, ok: boolean, output: string, seconds: number }} CheckResult
 * @returns {Promise<CheckResult[]>} in the order of the list below
 */
export function runStaticChecks() {
  return Promise.all([checkTypes, checkLint, checkImports].map(async (check) => {
    const started = performance.now();
    const { ok, output } = await check();
    return { name: check.name, ok, output, seconds: (performance.now() - started) / 1000 };
  }));
}

async function checkTypes() {
  // The build tools are JavaScript, because they run before anything is installed; they are checked all the same.
  const results = await Promise.all([checkoutRoot, join(checkoutRoot, 'tools')].map((project) => (
    runCaptured(process.execPath, [join(PACKAGES, 'typescript/bin/tsc'), '-p', project])
  )));
  return { ok: results.every(({ ok }) => ok), output: results.map(({ output }) => output).join('') };
}

async function checkLint() {
  const cache = join(checkoutRoot, '.cache/eslint');
  return runCaptured(process.execPath, [join(PACKAGES, 'eslint/bin/eslint.js'), '--cache', '--cache-strategy', 'content', '--cache-location', cache, '.']);
}

/**
 * The import rules, and that they were applied: a wrong path or option would make the tool look at nothing and be content.
 * It must have looked at every source file there is.
 */
async function checkImports() {
  const sources = filesUnder(join(checkoutRoot, 'src')).filter((file) => file.endsWith('.ts'));
  const cruise = [join(PACKAGES, 'dependency-cruiser/bin/dependency-cruise.mjs'), '--config', '.dependency-cruiser.cjs'];
  const { output } = await runCaptured(process.execPath, [...cruise, '--output-type', 'json', 'src']);
  let report;
  try {
    report = JSON.parse(output);
  } catch {
    return { ok: false, output: `dependency-cruiser gave no report:\n${output}` };
  }
  const looked = report.modules.filter(({ source }) => source.startsWith('src/')).length;
  if (looked === 0 || looked < sources.length) {
    return { ok: false, output: `dependency-cruiser looked at ${looked} of ${sources.length} source files` };
  }
  const violations = report.summary.violations.filter(({ rule }) => rule.severity === 'error');
  const text = violations.map(({ rule, from, to }) => `${from} -> ${to}: ${rule.name}${commentOf(rule.name)}`).join('\n');
  return { ok: violations.length === 0, output: text };
}

/** The rule's reason, from its own definition, so that whoever breaks it reads why. */
function commentOf(name) {
  const text = readFileSync(join(checkoutRoot, '.dependency-cruiser.cjs'), 'utf8');
  const comment = new RegExp(`name: '${name}',\\s+comment: '([^']*)'`).exec(text)?.[1];
  return comment === undefined ? '' : ` (${comment})`;
}

#!/usr/bin/env node
// Everything: set-up, types, lint, import rules, and all tests, those on real kernels and with real daemons included.
// `npm test -- namespace debian` runs only the groups named (unit, parts, namespace, seeds, debian, vm).
import './build.mjs';

const { runStaticChecks } = await import('./check/static-checks.mjs');
const { testGroups } = await import('./check/test-groups.mjs');
const { runTests } = await import('./check/run-tests.mjs');
const { Summary } = await import('./check/summary.mjs');
const { installDebianPackages } = await import('./check/debian-packages.mjs');

const wanted = process.argv.slice(2);
const groups = testGroups();
const unknown = wanted.filter((name) => !groups.some((group) => group.name === name));
if (unknown.length > 0) {
  console.error(`no such test group: ${unknown.join(', ')}; there are ${groups.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

installDebianPackages();
const summary = new Summary();
if (wanted.length === 0) for (const check of await runStaticChecks()) summary.addCheck(check);
for (const group of groups) {
  if (wanted.length > 0 && !wanted.includes(group.name)) continue;
  console.log(`\n--- ${group.name}: ${group.files.length} files`);
  summary.addTests(await runTests(group));
}
process.exitCode = summary.close();

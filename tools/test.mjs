#!/usr/bin/env node
// Everything: set-up, types, lint, import rules, and all tests, those on real kernels and with real daemons included.
// A test on a real kernel that failed runs once more alone; when it passes then, it is told as unsteady.
// `npm test -- namespace debian` runs only the groups named (unit, parts, simulation, namespace, seeds, debian, vm).
import { relative } from 'node:path';
import './build.mjs';

const { runStaticChecks } = await import('./check/static-checks.mjs');
const { testGroups } = await import('./check/test-groups.mjs');
const { runTests } = await import('./check/run-tests.mjs');
const { Summary } = await import('./check/summary.mjs');
const { installDebianPackages } = await import('./check/debian-packages.mjs');

const { filesToRunAgain } = await import('./check/second-run.mjs');
const { checkoutRoot } = await import('./set-up/checkout.mjs');

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
  const counts = await runTests(group);
  const again = group.realTime ? filesToRunAgain(counts.failures) : [];
  if (again.length === 0) {
    summary.addTests(counts);
    continue;
  }
  console.log(`\n--- ${group.name}: once more, alone: ${again.map((file) => relative(checkoutRoot, file)).join(' ')}`);
  summary.addTestsRunTwice(counts, await runTests({ ...group, files: again, concurrency: 1 }));
}
process.exitCode = summary.close();

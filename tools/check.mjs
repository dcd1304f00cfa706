#!/usr/bin/env node
// The fast loop: types, lint, import rules, unit and property tests. Under a minute.
import './build.mjs';

const { runStaticChecks } = await import('./check/static-checks.mjs');
const { testGroups } = await import('./check/test-groups.mjs');
const { runTests } = await import('./check/run-tests.mjs');
const { Summary } = await import('./check/summary.mjs');

const summary = new Summary();
for (const check of await runStaticChecks()) summary.addCheck(check);
for (const group of testGroups()) if (group.name === 'unit') summary.addTests(await runTests(group));
process.exitCode = summary.close();

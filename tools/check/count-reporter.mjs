/** A node:test reporter that prints one JSON line of counts at the end, and which tests failed in which file: leaf tests only, since a suite is no test. */
export default async function* countReporter(source) {
  let passed = 0;
  const failures = [];
  let skipped = 0;
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file's own entry is reported only when the file failed as a whole; a failed suite is told by its tests.
    if (data.details?.type === 'suite') continue;
    if (type === 'test:fail') failures.push({ file: data.file ?? '', name: data.name });
    else if (data.skip !== undefined || data.todo !== undefined) skipped += 1;
    else passed += 1;
  }
  yield `${JSON.stringify({ passed, failed: failures.length, skipped, failures })}\n`;
}

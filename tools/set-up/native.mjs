/** The native part: one CMake project makes the addon and the C programs; the products are copied to dist/native. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot, distDirectory } from './checkout.mjs';
import { fingerprint, filesUnder, readJson, replaceFile } from './fingerprint.mjs';
import { checkPrerequisites } from './prerequisites.mjs';
import { runQuietly } from './run-quietly.mjs';
import { SetUpError } from './set-up-error.mjs';

const SOURCES = join(checkoutRoot, 'native');
const BUILD_OUTPUT = join(SOURCES, 'build/Release');
const PRODUCTS_DIRECTORY = join(distDirectory, 'native');
const STAMP = join(PRODUCTS_DIRECTORY, 'built-from.json');

/** The addon and the programs the CMake project makes. A missing one is a broken build, not an option. */
const PRODUCTS = ['heartwood.node', 'unit-executor', 'launcher', 'initctl', 'stage0', 'heartwood-notify', 'heartwood-bus-name', 'heartwood-terminal', 'daemontools', 'front', 'start-keeper.so'];

/**
 * What is missing to build is told before anything is fetched.
 *
 * @returns {Promise<null>}
 * @throws {SetUpError} when the native part has to be built and cannot be
 */
export async function checkBuildPrograms() {
  if (hasNativePart() && readJson(STAMP)?.fingerprint !== wantedFingerprint()) checkPrerequisites();
  return null;
}

/** @returns {Promise<string | null>} what was done, or null */
export async function buildNative() {
  if (!hasNativePart()) return null;
  const wanted = wantedFingerprint();
  if (readJson(STAMP)?.fingerprint === wanted) return null;
  // cmake-js is called by path: npx would add a second of npm.
  const cmakeJs = join(checkoutRoot, 'node_modules/cmake-js/bin/cmake-js');
  await runQuietly(process.execPath, [cmakeJs, 'compile', '--directory', SOURCES, `--CDNODE_PROGRAM=${process.execPath}`], 'the native build');
  mkdirSync(PRODUCTS_DIRECTORY, { recursive: true });
  for (const name of PRODUCTS) copyProduct(name);
  replaceFile(STAMP, JSON.stringify({ fingerprint: wanted }));
  return 'compiled';
}

function hasNativePart() {
  return existsSync(join(SOURCES, 'CMakeLists.txt'));
}

/**
 * The launcher remembers the path of the Node it was built with, so that path counts as a source. The addon speaks Node-API
 * and needs no rebuild for another version at the same path.
 */
function wantedFingerprint() {
  return fingerprint(filesUnder(SOURCES, new Set(['build', 'node_modules'])), [process.execPath, ...PRODUCTS].join(' '));
}

/** Copies beside the target and renames: programs that run keep their old file. */
function copyProduct(name) {
  const built = join(BUILD_OUTPUT, name);
  if (!existsSync(built)) throw new SetUpError(`the native build made no ${name}`);
  const target = join(PRODUCTS_DIRECTORY, name);
  copyFileSync(built, `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
}

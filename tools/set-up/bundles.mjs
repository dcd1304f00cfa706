/**
 * The programs as single CommonJS files: one read at start instead of hundreds, and one source for the V8 code cache.
 *
 * A bundle's stamp lists the files that went into it with one fingerprint over them, so that a change anywhere else, tests
 * included, leaves it alone.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { checkoutRoot, distDirectory } from './checkout.mjs';
import { fingerprint, readJson, replaceFile } from './fingerprint.mjs';
import { SetUpError } from './set-up-error.mjs';

/** Program names and their entry points. */
export const BUNDLES = [
  { name: 'heartwood', entry: 'src/init/main.ts' },
  { name: 'logd', entry: 'src/logd/main.ts' },
  { name: 'initctl', entry: 'src/initctl/main.ts' },
  { name: 'front', entry: 'src/front/main.ts' },
  { name: 'gateway', entry: 'src/gateway/main.ts' },
  { name: 'script', entry: 'src/script/main.ts' },
  { name: 'simulate', entry: 'src/sim/main.ts' },
];

/** What a code cache depends on beside the bundle: the warm run, and the launcher, whose flags V8 compares. */
const CODE_CACHE_INPUTS = ['tools/set-up/code-cache.mjs', 'native/launcher/launcher.c'].map((file) => join(checkoutRoot, file));

/** Short enough for a position in a stack trace to say something. */
const LINE_LENGTH_MAX = 160;

const LOADER = join(checkoutRoot, 'tools/set-up/loader.cjs');
const STAMP = join(distDirectory, 'bundles.json');

/** @returns {Promise<string | null>} what was done, or null */
export async function buildBundles() {
  const stamps = readJson(STAMP) ?? {};
  const recipe = fingerprint([import.meta.filename, LOADER, ...CODE_CACHE_INPUTS, join(checkoutRoot, 'package.json'), join(checkoutRoot, 'package-lock.json')]);
  const stale = BUNDLES.filter(({ name, entry }) => existsSync(join(checkoutRoot, entry)) && !isCurrent(name, stamps[name], recipe));
  if (stale.length === 0) return null;
  // Loaded only now: esbuild costs more than all checks together.
  const esbuild = await import('esbuild');
  mkdirSync(distDirectory, { recursive: true });
  // The checkout is an ES module package; what is built here is CommonJS.
  replaceFile(join(distDirectory, 'package.json'), '{ "type": "commonjs" }\n');
  for (const { name, entry } of stale) stamps[name] = await buildBundle(esbuild, name, entry, recipe);
  replaceFile(STAMP, JSON.stringify(stamps));
  return stale.map(({ name }) => name).join(', ');
}

function isCurrent(name, stamp, recipe) {
  if (stamp === undefined || stamp.recipe !== recipe) return false;
  if (!existsSync(join(distDirectory, `${name}.cjs`)) || !existsSync(join(distDirectory, `${name}.js`))) return false;
  return fingerprint(stamp.inputs.map(absolute)) === stamp.fingerprint;
}

function absolute(input) {
  return isAbsolute(input) ? input : join(checkoutRoot, input);
}

async function buildBundle(esbuild, name, entry, recipe) {
  const { version } = readJson(join(checkoutRoot, 'package.json'));
  let result;
  try {
    result = await esbuild.build({
      absWorkingDir: checkoutRoot,
      entryPoints: [entry],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      // The text stays in memory for as long as the program runs, so white space goes; names stay, and lines are kept short, so
      // that a stack trace from the field can be read.
      minifyWhitespace: true,
      minifySyntax: true,
      lineLimit: LINE_LENGTH_MAX,
      legalComments: 'none',
      logLevel: 'silent',
      define: {
        'import.meta.dirname': '__dirname',
        'import.meta.filename': '__filename',
        'import.meta.url': 'heartwoodBundleUrl',
        HEARTWOOD_VERSION: JSON.stringify(version),
      },
      banner: { js: `'use strict'; const heartwoodBundleUrl = 'file://' + encodeURI(__filename);` },
    });
  } catch (error) {
    throw new SetUpError(`${describe(error)}\nthe bundle of ${entry} could not be made`);
  }
  const inputs = Object.keys(result.metafile.inputs);
  const source = result.outputFiles[0].text;
  checkAscii(source, entry);
  // The first line names the content: the loader trusts a code cache only when it carries the same mark (V8 compares lengths only).
  const marked = `// content ${fingerprint([], recipe + source)}\n${asFunction(source)}`;
  replaceFile(join(distDirectory, `${name}.cjs`), marked);
  replaceFile(join(distDirectory, `${name}.js`), readFileSync(LOADER));
  return { recipe, inputs, fingerprint: fingerprint(inputs.map(absolute)) };
}

/**
 * A text that works in two ways: Node runs it as a module like any other, and for the loader, which compiles it where no
 * `module` is in sight, its value is the function that runs the program. Were it wrapped only when loaded, the whole text would be copied.
 */
function asFunction(source) {
  const names = 'exports, require, module, __filename, __dirname';
  return `(program => typeof module === 'object' ? program(${names}) : program)(function (${names}) {${source}});\n`;
}

/**
 * One character above ASCII makes V8 hold the whole text with two bytes for each. esbuild escapes such characters in strings, but leaves
 * regular expressions as they are.
 */
function checkAscii(source, entry) {
  const at = source.search(/[^\0-\x7f]/);
  if (at === -1) return;
  const around = source.slice(Math.max(0, at - 60), at + 20).replaceAll('\n', ' ');
  throw new SetUpError(`the bundle of ${entry} is not ASCII; write \\u${source.charCodeAt(at).toString(16).padStart(4, '0')} here: ${around}`);
}

function describe(error) {
  if (!Array.isArray(error.errors)) return error.message;
  return error.errors.map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column}: ${text}` : text)).join('\n');
}

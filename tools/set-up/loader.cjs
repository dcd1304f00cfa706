'use strict';
// Starts NAME.cjs, where NAME.js is this file, with the V8 code cache beside it: half the start time of the bare bundle.
//
// A cache is used only when the mark in its name is that of the bundle's first line, because V8 itself compares no more than
// the source's length. V8 checks its own version and flags. Whatever is wrong with the cache, the source alone will do.
//
// With HEARTWOOD_RECORD_CODE_CACHE=FILE in the environment the cache is written when the program exits: by then it holds the
// functions that a run really calls, not only those compiled at load.
const { readFileSync, writeFileSync, renameSync } = require('node:fs');
const { basename, dirname, join } = require('node:path');
const { Script } = require('node:vm');

const bundle = join(__dirname, `${basename(__filename, '.js')}.cjs`);

/**
 * The bundle is pure ASCII, so that V8 holds it with one byte for a character, for as long as the program runs. The addon maps it
 * instead of reading it: a megabyte less in the manager, and in each of its like on the machine. An addon loads once in a process; the
 * program finds this one as `heartwoodAddon` (src/host/load-native.ts).
 */
function readSource() {
  try {
    const addon = { exports: {} };
    process.dlopen(addon, process.env.HEARTWOOD_ADDON || join(__dirname, 'native/heartwood.node'));
    globalThis.heartwoodAddon = addon.exports;
    const mapped = addon.exports.mapText(bundle);
    if (mapped !== null) return mapped;
  } catch {
    // The program itself says what is wrong with the addon.
  }
  return readFileSync(bundle, 'utf8');
}

const source = readSource();
const mark = source.slice('// content '.length, source.indexOf('\n'));

function readCache() {
  try {
    return readFileSync(bundle.replace(/cjs$/, `${mark}.${process.versions.v8}.cache`));
  } catch {
    return undefined;
  }
}

// Its value is the function that runs the program (see bundles.mjs).
const script = new Script(source, { filename: bundle, cachedData: readCache() });

const recordTo = process.env.HEARTWOOD_RECORD_CODE_CACHE;
if (recordTo !== undefined) {
  process.on('exit', () => {
    writeFileSync(`${recordTo}.new`, script.createCachedData());
    renameSync(`${recordTo}.new`, recordTo);
  });
}

module.filename = bundle;
script.runInThisContext().call(module.exports, module.exports, require, module, bundle, dirname(bundle));

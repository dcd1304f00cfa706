/**
 * A layer is one compressed archive; an image is layers end to end, which the kernel unpacks one over the other. So what changes
 * seldom and is large (Node) is compressed once, and what differs from run to run (the command to try) is a few hundred bytes.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDirectory, cached } from './cache.ts';
import type { ArchiveEntry } from './newc-archive.ts';
import { writeNewcArchive } from './newc-archive.ts';
import { runProgram } from './run-program.ts';

/** A few checkouts' states and the runs under way keep theirs; each is at most 35 MB. */
const LAYERS_KEPT = 8;

const LAYERS = 'layers';

/**
 * @param entries what the layer holds, in any order
 * @param node the guest's Node, which has the compressor
 * @returns the layer's bytes, from the cache when the same entries were compressed before
 */
export function buildLayer(entries: readonly ArchiveEntry[], node: string): Buffer {
  const archive = writeNewcArchive(entries);
  const digest = createHash('sha256').update(archive).digest('hex');
  const path = cached(join(LAYERS, `${digest}.cpio.zst`), (workDirectory) => {
    const made = join(workDirectory, 'layer');
    writeFileSync(made, compressArchive(archive, node));
    removeOldLayers();
    return made;
  });
  // The age that removal goes by is the time of the last use, not of the making: Node's layer is the oldest and always needed.
  const now = new Date();
  utimesSync(path, now, now);
  return readFileSync(path);
}

/** @returns the archive as zstd, padded with zeros so that another archive may follow */
export function compressArchive(archive: Uint8Array, node: string): Buffer {
  const compressed = runProgram(node, [join(import.meta.dirname, 'compress.cjs')], { input: archive, env: {} });
  const padding = Buffer.alloc((4 - (compressed.byteLength % 4)) % 4);
  return Buffer.concat([compressed, padding]);
}

/** Writes an image: the layers in the order in which they are unpacked. */
export function writeImage(path: string, layers: readonly Uint8Array[]): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat(layers));
}

function removeOldLayers(): void {
  const directory = join(cacheDirectory, LAYERS);
  const byAge = readdirSync(directory)
    .map((name) => ({ name, modifiedMs: statSync(join(directory, name)).mtimeMs }))
    .sort((a, b) => b.modifiedMs - a.modifiedMs);
  for (const { name } of byAge.slice(LAYERS_KEPT)) rmSync(join(directory, name), { force: true });
}

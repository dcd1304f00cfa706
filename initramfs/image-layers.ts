/** The layers that every image has, and those of a run with a shell. */
import { join } from 'node:path';
import { checkoutRoot } from './cache.ts';
import { staticBusybox } from './debian-package.ts';
import { buildLayer } from './layer.ts';
import { nodeRuntime } from './node-runtime.ts';
import { runtimeLayer } from './runtime-layer.ts';
import { shellLayer } from './shell-layer.ts';
import { ADDON, systemLayer } from './system-layer.ts';

/** Hears what is fetched, a line at a time. */
export type Say = (line: string) => void;

/** What an image is made of before anything is added for one run. */
export function systemLayers(say: Say): readonly Buffer[] {
  const distDirectory = join(checkoutRoot, 'dist');
  const node = nodeRuntime(say);
  return [
    buildLayer(runtimeLayer(node, [join(distDirectory, ADDON)]), node),
    buildLayer(systemLayer({ distDirectory, unitsDirectory: join(checkoutRoot, 'units/system') }), node),
  ];
}

/** A shell and the small programs that go with it. */
export function shellLayers(say: Say): readonly Buffer[] {
  return [buildLayer(shellLayer(staticBusybox(say)), nodeRuntime(say))];
}

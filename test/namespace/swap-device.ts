/** Swap for tests: a small area of their own on a loop device, which they give back. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rig } from './rig.ts';

export interface SwapDevice {
  readonly path: string;
  readonly minor: number;
  /** Turns it off, if need be, and takes all away. */
  readonly remove: () => void;
}

/** A loop device with a swap area of one MiB; null when this machine has none to give. Swap is the machine's own: `remove` turns it off. */
export function makeSwapDevice(): SwapDevice | null {
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-swap-'));
  const file = join(directory, 'area');
  writeFileSync(file, '');
  truncateSync(file, 1 << 20);
  const attach = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  const path = attach.stdout.trim();
  const remove = (): void => {
    spawnSync('swapoff', [path]);
    spawnSync('losetup', ['--detach', path]);
    rmSync(directory, { recursive: true });
  };
  const minor = Number(/^\/dev\/loop(\d+)$/.exec(path)?.[1] ?? NaN);
  if (attach.status === 0 && spawnSync('mkswap', [path]).status === 0 && Number.isInteger(minor)) return { path, minor, remove };
  remove();
  return null;
}

/** Makes the device known inside a rig, and at `link`. */
export async function giveSwapDevice(rig: Rig, { minor }: SwapDevice, link: string): Promise<void> {
  const name = `loop${String(minor)}`;
  await rig.run(['sh', '-c', `mknod /dev/${name} b 7 ${String(minor)} && ln -s ${name} ${link}`]);
}

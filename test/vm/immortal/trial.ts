/**
 * The trial of immortality in a virtual machine, whose only process 1 there is: a death that is not survived is a kernel panic. nginx
 * comes from its Debian packages, with the unit file and the configuration that are in them.
 *
 * The exhausted heap is left out, because V8's limit is near the memory of the machine, and the kernel would look for another victim first.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND_TARGET, commandLayer } from '../../../initramfs/command-layer.ts';
import { runCommand } from '../../../initramfs/command-run.ts';
import { kernelImage, packageArchives } from '../../../initramfs/debian-package.ts';
import { shellLayers, systemLayers } from '../../../initramfs/image-layers.ts';
import { buildLayer, writeImage } from '../../../initramfs/layer.ts';
import type { ArchiveEntry } from '../../../initramfs/newc-archive.ts';
import { VmError } from '../../../initramfs/vm-error.ts';
import { nodeRuntime } from '../../../initramfs/node-runtime.ts';
import { packageLayer } from '../../../initramfs/package-layer.ts';

const GUEST = 'usr/lib/heartwood/vm/immortal';
/** Four programs on Node and nginx, all files in memory. */
const MEMORY_MIB = 768;
const CPUS = 2;
/** Half of what it is in the field: an endless loop is not waited for so long, and a slow emulated machine makes no hangs of its own. */
const HANG_MSEC = 8000;
/** A boot, and a death with the breath after it, on a machine that runs much else at the same time. */
const BOOT_LIMIT_MS = 180_000;
const DEATH_LIMIT_MS = 60_000;

/** Between two lines of the service that counts: the emulated processor is to have time for deaths as well. */
const LINES_PAUSE_MSEC = 50;

const UNITS: Readonly<Record<string, string>> = {
  'numbers.service': `[Service]\nExecStart=/usr/bin/node /${GUEST}/numbered-lines.mjs ${String(LINES_PAUSE_MSEC)}\n`,
  'tick.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
  ...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`steady${String(index)}.service`, '[Service]\nRestart=always\nExecStart=/bin/sleep 999999\n'])),
};

export interface VmFinding {
  readonly claim: string;
  readonly found: string;
  readonly holds: boolean;
}

export interface VmReport {
  readonly ways: Readonly<Record<string, number>>;
  /** For each death, from it to the answer of the next engine. */
  readonly awayMsec: readonly number[];
  readonly findings: readonly VmFinding[];
}

function layer(): readonly ArchiveEntry[] {
  const own = (name: string, path: string): ArchiveEntry => ({ kind: 'file', path: `${GUEST}/${name}`, mode: 0o644, content: readFileSync(path) });
  const unit = (name: string, text: string): ArchiveEntry => ({ kind: 'file', path: `etc/heartwood/system/${name}`, mode: 0o644, content: Buffer.from(text) });
  return [
    own('guest-trial.mjs', join(import.meta.dirname, 'guest-trial.mjs')),
    own('numbered-lines.mjs', join(import.meta.dirname, '../../debian/immortal/numbered-lines.mjs')),
    ...Object.entries(UNITS).map(([name, text]) => unit(name, text)),
    unit('multi-user.target.d/trial.conf', `[Unit]\nWants=nginx.service ${Object.keys(UNITS).join(' ')}\n`),
  ];
}

/** nginx as it is after `apt-get install nginx`: the packages' files, and the two that its maintainer script makes. */
function nginxLayer(say: (line: string) => void): readonly ArchiveEntry[] {
  const files = packageLayer(packageArchives('nginx', say));
  const page = files.find(({ path }) => path === 'usr/share/nginx/html/index.html');
  if (page?.kind !== 'file') throw new VmError('the Debian package nginx-common has no page to serve: usr/share/nginx/html/index.html is missing in it');
  return [
    ...files,
    { kind: 'symlink', path: 'etc/nginx/sites-enabled/default', target: '/etc/nginx/sites-available/default' },
    { kind: 'file', path: 'var/www/html/index.nginx-debian.html', mode: 0o644, content: page.content },
  ];
}

/**
 * Boots the machine, lets the engine die and powers off.
 *
 * @param options.tell hears what goes on, a line at a time
 * @throws Error when the machine did not come to the end: a panic, a service that does not start, too slow
 */
export async function immortalMachine({ deaths, seed, tell }: { readonly deaths: number; readonly seed: number; readonly tell: (line: string) => void }): Promise<VmReport> {
  const say = (line: string): void => { tell(line); };
  const node = nodeRuntime(say);
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-image-'));
  try {
    const image = join(directory, 'image');
    const command = `node /${GUEST}/guest-trial.mjs ${String(deaths)} ${String(seed)}`;
    writeImage(image, [...systemLayers(say), ...shellLayers(say), buildLayer(nginxLayer(say), node), buildLayer([...commandLayer(command), ...layer()], node)]);
    let output = '';
    let errors = '';
    let told = 0;
    let console = '';
    const status = await runCommand({
      kernel: kernelImage(say), image, memoryMiB: MEMORY_MIB, cpus: CPUS,
      kernelArguments: ['loglevel=4', `heartwood.unit=${COMMAND_TARGET}`, 'HEARTWOOD_FAULTS=1', `HEARTWOOD_HANG_MSEC=${String(HANG_MSEC)}`],
    }, {
      output: (chunk) => { output += chunk.toString('latin1'); },
      errors: (chunk) => {
        errors += chunk.toString('latin1');
        // A serial line delivers bytes, not lines.
        for (let end = errors.indexOf('\n', told); end >= 0; end = errors.indexOf('\n', told)) {
          tell(errors.slice(told, end));
          told = end + 1;
        }
      },
      console: (chunk) => { console += chunk.toString('latin1'); },
      limitMs: BOOT_LIMIT_MS + deaths * DEATH_LIMIT_MS,
    });
    if (status !== 0) throw new Error(`the trial in the machine ended with status ${String(status)}: ${errors}\nthe console said last:\n${console.slice(-4000)}`);
    return JSON.parse(output) as VmReport;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

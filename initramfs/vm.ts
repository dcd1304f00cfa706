/**
 * `npm run vm`: builds the image and boots it in QEMU.
 *
 *     npm run vm                      a console with status lines and the prompt of initctl; Ctrl-A X ends it the hard way
 *     npm run vm -- --exec 'CMD'      runs CMD with the guest's shell once the system is up, powers off, ends with its status
 *     npm run vm -- --image FILE      writes the image and boots nothing
 */
import { rmSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COMMAND_TARGET, commandLayer } from './command-layer.ts';
import { GuestError, runCommand } from './command-run.ts';
import { kernelImage } from './debian-package.ts';
import { shellLayers, systemLayers } from './image-layers.ts';
import { buildLayer, writeImage } from './layer.ts';
import type { MachineOptions } from './machine.ts';
import { runOnTerminal } from './machine.ts';
import { nodeRuntime } from './node-runtime.ts';
import { VmError } from './vm-error.ts';

const USAGE = `usage: npm run vm -- [--exec CMD] [--image FILE] [--memory MIB] [--cpus N] [--kernel FILE] [--append ARGS] [--console] [--timeout SECONDS]`;

/** The statuses of env(1) and its like: something that no command of the guest is likely to end with. */
const STATUS_MACHINE_FAILED = 125;
const STATUS_USAGE = 2;

/** The least in which the system boots and runs a command with Node in it, with some room; docs/vm.md has the measurement. */
const MEMORY_MIB = 256;
const CPUS = 2;
const COMMAND_LIMIT_SECONDS = 180;

function say(line: string): void {
  process.stderr.write(`vm: ${line}\n`);
}

/** What the caller wrote is not what the usage line says. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command line, read and checked. */
interface Options {
  readonly exec: string | null;
  readonly image: string | null;
  readonly kernel: string | null;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly kernelArguments: readonly string[];
  readonly showConsole: boolean;
  readonly limitMs: number;
}

/** @returns null when the caller asked for help */
function readOptions(): Options | null {
  const { values } = parse();
  if (values.help) return null;
  return {
    exec: values.exec ?? null,
    image: values.image ?? null,
    kernel: values.kernel ?? null,
    memoryMiB: positive(values.memory, '--memory'),
    cpus: positive(values.cpus, '--cpus'),
    kernelArguments: values.append.split(/\s+/).filter((word) => word !== ''),
    showConsole: values.console,
    limitMs: positive(values.timeout, '--timeout') * 1000,
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        exec: { type: 'string' },
        image: { type: 'string' },
        kernel: { type: 'string' },
        memory: { type: 'string', default: String(MEMORY_MIB) },
        cpus: { type: 'string', default: String(CPUS) },
        append: { type: 'string', default: '' },
        console: { type: 'boolean', default: false },
        timeout: { type: 'string', default: String(COMMAND_LIMIT_SECONDS) },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function positive(text: string, option: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${option} takes a positive whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const layers = systemLayers(say);
  if (options.image !== null) {
    writeImage(options.image, layers);
    say(`${options.image}: ${(statSync(options.image).size / 1e6).toFixed(1)} MB`);
    return 0;
  }
  const directory = mkdtempSync(join(tmpdir(), 'heartwood-image-'));
  try {
    const image = join(directory, 'image');
    writeImage(image, [...layers, ...runLayers(options.exec)]);
    return await boot(options, image);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function boot(options: Options, image: string): Promise<number> {
  const unit = options.exec === null ? [] : [`heartwood.unit=${COMMAND_TARGET}`];
  const machine: MachineOptions = {
    kernel: options.kernel ?? kernelImage(say),
    image,
    memoryMiB: options.memoryMiB,
    cpus: options.cpus,
    // The kernel's own messages are noise between status lines; its warnings are not.
    kernelArguments: ['loglevel=4', ...unit, ...options.kernelArguments],
  };
  if (options.exec === null) {
    await runOnTerminal(machine);
    return 0;
  }
  try {
    return await runCommand(machine, {
      output: (chunk) => process.stdout.write(chunk),
      errors: (chunk) => process.stderr.write(chunk),
      console: (chunk) => options.showConsole && process.stderr.write(chunk),
      limitMs: options.limitMs,
    });
  } catch (error) {
    if (error instanceof GuestError && !options.showConsole) process.stderr.write(`${error.consoleTail.trimEnd()}\n`);
    throw error;
  }
}

/** What one run adds: a shell, and the command if there is one. */
function runLayers(command: string | null): readonly Buffer[] {
  const shell = shellLayers(say);
  return command === null ? shell : [...shell, buildLayer(commandLayer(command), nodeRuntime(say))];
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`vm: ${error.message}\n${USAGE}\n`);
    process.exitCode = STATUS_USAGE;
  } else if (error instanceof VmError) {
    process.stderr.write(`vm: ${error.message}\n`);
    process.exitCode = STATUS_MACHINE_FAILED;
  } else throw error;
}

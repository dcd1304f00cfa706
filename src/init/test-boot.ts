/** `heartwood --test`: loads what a boot would load, says what is wrong with it, and prints what it would do, in order. */
import type { UnitName } from '../base/brand.ts';
import { valuesOf } from '../base/persistent-map.ts';
import { initialState, step } from '../core/manager/step.ts';
import type { Job } from '../core/manager/state.ts';
import { readClock } from '../host/clock.ts';
import { hasDevices } from '../host/storage/has-devices.ts';
import { createUnitLoader } from '../host/unit-loader/unit-loader.ts';
import type { BootOptions } from './boot.ts';

/** The boot transaction could not be made, or a unit of it is broken. */
const EXIT_BROKEN = 1;

/** Prints and ends the process. */
export function testBoot(options: BootOptions, root: string): void {
  const { config } = options;
  const loader = createUnitLoader({ mode: options.mode === 'user' ? 'user' : 'system', hasDevices: hasDevices(options.mode), directories: options.loadPath.directories, root, defaults: options.defaults, specifiers: options.specifiers });
  const definitions = loader.loadClosure([config.bootUnit], () => undefined);
  const clock = readClock(options.native);
  const [state, effects] = step(initialState(config, clock), { ...clock, event: 'boot', definitions, randomSeed: 0 });
  const lines: string[] = [];
  let broken = false;
  for (const { diagnostics } of definitions) {
    for (const { severity, file, line, message } of diagnostics) {
      broken ||= severity === 'error';
      lines.push(`${severity}: ${line === 0 ? file : `${file}:${String(line)}`}: ${message}`);
    }
  }
  for (const effect of effects) {
    if (effect.kind !== 'log' || (effect.level !== 'crit' && effect.level !== 'err' && effect.level !== 'warning')) continue;
    broken ||= effect.level !== 'warning';
    lines.push(`${effect.level}: ${effect.message}`);
  }
  const started = new Set<UnitName>(effects.flatMap((effect) => (effect.kind === 'publish' && effect.change.change === 'job-new' ? [effect.change.unit] : [])));
  const waiting = new Map<UnitName, Job>(valuesOf(state.jobs).map((job) => [job.unit, job]));
  lines.push(`${config.bootUnit}: ${String(definitions.length)} units loaded, ${String(started.size)} of them would be started`);
  for (const name of [...started].sort()) lines.push(`  ${waiting.has(name) ? 'start' : 'start at once'} ${name}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exit(broken ? EXIT_BROKEN : 0);
}

/** The recorded answers of systemd 252 about values, made by `test/systemd/values.ts`: where they are and how they are written. */
import { readFileSync } from 'node:fs';
import { MACHINE, unitOf } from './unit-rig.ts';

export const ANSWERS = new URL('./value-answers.tsv', import.meta.url).pathname;

/** The texts that each directive was given. */
export const POOL: readonly string[] = readFileSync(new URL('./value-pool.txt', import.meta.url), 'utf8').split('\n').slice(0, -1);

/** Sections with a kind of unit to put them in. */
export const KIND_OF_SECTION: Readonly<Record<string, string>> = {
  Unit: 'target', Service: 'service', Socket: 'socket', Timer: 'timer', Path: 'path', Slice: 'slice', Mount: 'mount', Automount: 'automount', Swap: 'swap',
};

const DIGIT_BITS = 4;

/** A set of line numbers in hexadecimal, trailing zeros left out; `-` for none. */
export function bitsText(set: ReadonlySet<number>): string {
  const digits = Array.from({ length: Math.ceil(POOL.length / DIGIT_BITS) }, () => 0);
  for (const index of set) digits[Math.floor(index / DIGIT_BITS)] = (digits[Math.floor(index / DIGIT_BITS)] ?? 0) | (1 << (index % DIGIT_BITS));
  const text = digits.map((digit) => digit.toString(16)).join('').replace(/0+$/, '');
  return text === '' ? '-' : text;
}

export function bitsOf(text: string): ReadonlySet<number> {
  const set = new Set<number>();
  if (text === '-') return set;
  for (let index = 0; index < text.length; index += 1) {
    const digit = Number.parseInt(text.charAt(index), 16);
    for (let bit = 0; bit < DIGIT_BITS; bit += 1) if ((digit >> bit & 1) === 1) set.add(index * DIGIT_BITS + bit);
  }
  return set;
}

/** What is needed to be a unit of the section at all; it must not stand in the way of what is asked. */
const NEEDED: Readonly<Record<string, string>> = { Service: 'ExecStart=/bin/true', Socket: 'ListenStream=99' };

/** Where Heartwood differs on purpose: `Section.Directive value`, with the reason. */
const ON_PURPOSE: readonly (readonly [RegExp, string])[] = [
  [/\.(Type|FailureAction|SuccessAction|StartLimitAction|JobTimeoutAction|PrivateTmp|PrivateUsers|ProtectControlGroups|SystemCallArchitectures) (notify-reload|kexec|halt|soft-reboot|disconnected|self|private|strict|loongarch64)$/, 'later versions of systemd take it'],
  [/\.(CapabilityBoundingSet|AmbientCapabilities|SecureBits|CoredumpFilter) /, 'systemd passes over unknown words in silence'],
  [/\.RebootArgument .*[^ -~]/, 'systemd asks for ASCII in [Unit] only, where the setting is now'],
  [/\.KillMode none$/, 'systemd warns too, in the words of an accepted value'],
  [/\.(StandardOutput|StandardError) syslog/, 'systemd only remarks that the journal takes it'],
  [/\.(RootHash|RootHashSignature|MountImages|ExtensionImages|RootImageOptions|ExecSearchPath) /, 'a path that leads nowhere, or an odd escape, for a setting without effect here'],
  [/\.ListenNetlink /, 'families have names here'],
  [/\.ListenMessageQueue (\/|%t)/, 'the kernel has no message queue of such a name'],
  [/Socket\.(Receive|Send)Buffer |Socket\.PipeSize |Socket\.MessageQueue/, 'no buffer has so many bytes'],
  [/(Socket|Mount|Swap)\.(Delegate|ManagedOOM\w+) /, 'systemd says that such a unit cannot have it'],
  [/(Timer|Path)\.Unit /, 'systemd complains of the second one in one file, not of the value'],
  [/\.Slice (-.|.*(--|-\.slice))/, 'such a slice cannot be loaded, which systemd notices later'],
  [/\.CPUAffinity numa$/, 'the CPUs of the nodes are not looked up'],
  [/((Mount|Automount)\.Where|Swap\.What) /, 'it must agree with the name of the unit, which is another'],
  [/Unit\.(Documentation|Requis?i?r?e?s?t?e?Overridable) /, 'specifiers that leave nothing; an old name that systemd remarks on'],
];

export type Judgement = 'fatal' | 'refused' | 'taken';

/** What Heartwood makes of a value, with its first complaint; '' for none. */
export function judgementOf(section: string, directive: string, value: string): { readonly judgement: Judgement; readonly message: string } {
  const needed = NEEDED[section];
  const unit = unitOf(`v0.${KIND_OF_SECTION[section] ?? 'service'}`, `[${section}]\n${directive}=${value}\n${needed === undefined ? '' : `[${section}]\n${needed}\n`}`, { specifiers: { ...MACHINE, hostname: 'box' } });
  const said = unit.diagnostics.filter((each) => each.line === 2 && each.severity !== 'note');
  const judgement = said.some((each) => each.severity === 'error') ? 'fatal' : said.length > 0 ? 'refused' : 'taken';
  return { judgement, message: said[0]?.message ?? '' };
}

/** Whether the difference has a reason. */
export function isOnPurpose(section: string, directive: string, value: string): boolean {
  return ON_PURPOSE.some(([pattern]) => pattern.test(`${section}.${directive} ${value}`));
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { UnitKind } from '../../../src/core/unit/unit-common.ts';
import { unitOf } from './unit-rig.ts';
import { ANSWERS, KIND_OF_SECTION, POOL, bitsOf } from './value-answers.ts';

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
  [/((Mount|Automount)\.Where|Swap\.What) /, 'it must agree with the name of the unit, which is another'],
  [/Unit\.(Documentation|Requis?i?r?e?s?t?e?Overridable) /, 'specifiers that leave nothing; an old name that systemd remarks on'],
];

for (const section of Object.keys(KIND_OF_SECTION)) {
  const kind = KIND_OF_SECTION[section] as UnitKind;
  test(`values in [${section}] are refused when systemd 252 refuses them, and make the unit unusable when they do there`, () => {
    const wrong: string[] = [];
    let asked = 0;
    for (const line of readFileSync(ANSWERS, 'utf8').split('\n')) {
      const [own, directive = '', refusedText = '', fatalText = ''] = line.split('\t');
      if (own !== section) continue;
      const [refused, fatal] = [bitsOf(refusedText), bitsOf(fatalText)];
      POOL.forEach((value, index) => {
        asked += 1;
        const needed = NEEDED[section];
        const unit = unitOf(`v0.${kind}`, `[${section}]\n${directive}=${value}\n${needed === undefined ? '' : `[${section}]\n${needed}\n`}`);
        const said = unit.diagnostics.filter((each) => each.line === 2 && each.severity !== 'note');
        const theirs = fatal.has(index) ? 'fatal' : refused.has(index) ? 'refused' : 'taken';
        const ours = said.some((each) => each.severity === 'error') ? 'fatal' : said.length > 0 ? 'refused' : 'taken';
        if (theirs === ours || ON_PURPOSE.some(([pattern]) => pattern.test(`${section}.${directive} ${value}`))) return;
        wrong.push(`${section}.${directive}=${value}: ${theirs} by systemd, ${ours} here${said.length > 0 ? ` (${said[0]?.message ?? ''})` : ''}`);
      });
    }
    assert.ok(asked > POOL.length, 'the answers are there');
    assert.deepEqual(wrong, []);
  });
}

/** Preset rules. Source: systemd.preset(5). */
import { nameInstance, templateOf } from '../../unit/unit-name.ts';
import { nameMatches } from '../name-pattern.ts';

/** One line of a preset file: `enable foo*.service`, `disable *`, `enable bar@.service one two`. */
export interface PresetRule {
  readonly action: 'enable' | 'disable' | 'ignore';
  readonly pattern: string;
  readonly instances: readonly string[];
}

export interface PresetVerdict {
  readonly action: 'enable' | 'disable' | 'ignore';
  /** Instances of a template to enable instead of the template itself. */
  readonly instances: readonly string[];
}

/** Reads a preset file; lines that are no rule are left out. */
export function parsePresets(text: string): readonly PresetRule[] {
  const rules: PresetRule[] = [];
  for (const line of text.split('\n')) {
    const [action, pattern, ...instances] = line.trim().split(/\s+/);
    if ((action !== 'enable' && action !== 'disable' && action !== 'ignore') || pattern === undefined) continue;
    rules.push({ action, pattern, instances });
  }
  return rules;
}

/** The first rule that fits counts; without one a unit is enabled. */
export function presetFor(rules: readonly PresetRule[], name: string): PresetVerdict {
  const template = templateOf(name);
  const instance = nameInstance(name) ?? '';
  for (const rule of rules) {
    if (nameMatches(name, rule.pattern)) return { action: rule.action, instances: template === name ? rule.instances : [] };
    if (template !== null && template !== name && rule.pattern === template && rule.instances.includes(instance)) return { action: rule.action, instances: [] };
  }
  return { action: 'enable', instances: [] };
}

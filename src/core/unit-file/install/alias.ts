/** Which name a link may give a unit. Source: systemd.unit(5), "Aliases". */
import { nameInstance, templateOf, unitKind, unitNameForm, type UnitNameForm } from '../../unit/unit-name.ts';

/** Kinds whose name means something in the file system or the tree of groups: they cannot have another one. */
const WITHOUT_ALIASES: readonly string[] = ['mount', 'automount', 'swap', 'slice', 'scope'];

/** null = it may, or it is the unit's own name; else what is wrong, as systemctl says it. */
export function aliasProblem(alias: string, target: string): string | null {
  const aliasForm = unitNameForm(alias);
  const targetForm = unitNameForm(target);
  if (aliasForm === null) return `${alias}: this is not the name of a unit, rejecting.`;
  if (targetForm === null) return `${alias}: symlink target "${target}" is not a valid unit name, rejecting.`;
  if (alias === target) return null;
  const kind = unitKind(alias);
  if (kind !== unitKind(target)) return `${alias}: symlink target "${target}" has incompatible suffix, rejecting.`;
  if (!formsFit(aliasForm, targetForm, alias, target)) return `${alias}: symlink target name type "${target}" does not match source, rejecting.`;
  if (WITHOUT_ALIASES.includes(kind)) return `${alias}: symlinks are not allowed for units of this type, rejecting.`;
  return null;
}

function formsFit(alias: UnitNameForm, target: UnitNameForm, aliasName: string, targetName: string): boolean {
  if (target === 'instance') return alias === 'instance' && nameInstance(aliasName) === nameInstance(targetName);
  // An instance may be a link to a template, whose instance of the same name it then is.
  if (target === 'template') return alias !== 'plain';
  return alias === target || templateOf(aliasName) === null;
}

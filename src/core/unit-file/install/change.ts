/** What an install verb does and finds, and how systemctl words it. Source: systemctl(1), "Unit File Commands", and what systemctl 252 prints. */

export type LinkOperation =
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  /** A link, a file, or (for revert) a directory of drop-ins with its files. */
  | { readonly kind: 'unlink'; readonly path: string };

/** Why something could not be done. Paths are without the root; `unit` is a name, or a path with the root already before it. */
export type InstallProblem =
  | { readonly problem: 'exists'; readonly path: string; readonly target: string | null }
  | { readonly problem: 'masked'; readonly path: string }
  | { readonly problem: 'generated'; readonly path: string }
  | { readonly problem: 'missing'; readonly what: string }
  | { readonly problem: 'bad-alias'; readonly unit: string; readonly alias: string }
  | { readonly problem: 'not-a-template'; readonly unit: string; readonly owner: string }
  | { readonly problem: 'bad-name'; readonly name: string }
  | { readonly problem: 'bad-reference'; readonly name: string }
  | { readonly problem: 'bad-specifier'; readonly text: string }
  | { readonly problem: 'linked'; readonly name: string }
  /** A word that this verb has no use for. */
  | { readonly problem: 'invalid' }
  | { readonly problem: 'link-loop'; readonly name: string };

export type InstallNote =
  | { readonly note: 'is-masked'; readonly path: string }
  | { readonly note: 'masked-by-generator'; readonly path: string }
  | { readonly note: 'dangling'; readonly path: string }
  | { readonly note: 'owner-missing'; readonly owner: string; readonly path: string }
  | { readonly note: 'auxiliary-failed'; readonly name: string };

/** What the verb says of a problem when the manager found it: the same facts in other words. Source: what systemctl 252 prints. */
export function problemOverBus(problem: InstallProblem, subject: string): string {
  return `Failed to ${subject}: ${busReason(problem)}`;
}

function busReason(problem: InstallProblem): string {
  switch (problem.problem) {
    case 'exists': return problem.target === null ? `File ${problem.path} already exists.` : `File ${problem.path} already exists and is a symlink to ${problem.target}.`;
    case 'masked': return `Unit file ${problem.path} is masked.`;
    case 'generated': return `Unit ${problem.path} is transient or generated.`;
    case 'missing': return `Unit file ${problem.what} does not exist.`;
    case 'bad-alias': return `Cannot alias ${problem.unit} as ${problem.alias}.`;
    case 'not-a-template': return `Destination unit ${problem.owner} of ${problem.unit} is a non-template unit.`;
    case 'bad-name': return `"${problem.name}" is not a valid unit name.`;
    case 'bad-reference': return `File ${problem.name}: Invalid argument`;
    case 'bad-specifier': return `Invalid specifier in "${problem.text}".`;
    case 'linked': return `Refusing to operate on alias name or linked unit file: ${problem.name}`;
    case 'invalid': return 'Invalid argument';
    case 'link-loop': return `The links of ${problem.name} lead in a circle.`;
  }
}

/** @param verb as systemctl says it: `enable`, `add dependency on` */
export function problemText(problem: InstallProblem, verb: string, root: string): string {
  switch (problem.problem) {
    case 'exists':
      return problem.target === null ? `Failed to ${verb} unit, file "${root}${problem.path}" already exists.`
        : `Failed to ${verb} unit, file "${root}${problem.path}" already exists and is a symlink to "${problem.target}".`;
    case 'masked': return `Failed to ${verb} unit, unit ${root}${problem.path} is masked.`;
    case 'generated': return `Failed to ${verb} unit, unit ${root}${problem.path} is transient or generated.`;
    case 'missing': return `Failed to ${verb} unit, unit ${problem.what} does not exist.`;
    case 'bad-alias': return `Failed to ${verb} unit, cannot alias ${problem.unit} as ${problem.alias}.`;
    case 'not-a-template': return `Failed to ${verb} ${problem.unit}, destination unit ${problem.owner} is a non-template unit.`;
    case 'bad-name': return `Failed to ${verb} unit, "${problem.name}" is not a valid unit name.`;
    case 'bad-reference': return `Failed to ${verb} unit, invalid unit reference "${problem.name}".`;
    case 'bad-specifier': return `Failed to ${verb} unit, invalid specifier in "${problem.text}".`;
    case 'linked': return `Failed to ${verb} unit, refusing to operate on linked unit file ${problem.name}.`;
    case 'invalid': return `Failed to ${verb}: Invalid argument.`;
    case 'link-loop': return `Failed to ${verb} unit, the links of ${problem.name} lead in a circle.`;
  }
}

export function noteText(note: InstallNote, root: string): string {
  switch (note.note) {
    case 'is-masked': return `Unit ${root}${note.path} is masked, ignoring.`;
    case 'masked-by-generator': return `Unit ${root}${note.path} is masked via a generator and cannot be unmasked.`;
    case 'dangling': return `Unit ${root}${note.path} is an alias to a unit that is not present, ignoring.`;
    case 'owner-missing': return `Unit ${root}${note.path} is added as a dependency to a non-existent unit ${note.owner}.`;
    case 'auxiliary-failed': return `Failed to enable auxiliary unit ${note.name}, ignoring.`;
  }
}

export function operationText(operation: LinkOperation, root: string): string {
  return operation.kind === 'symlink' ? `Created symlink ${root}${operation.path} → ${operation.target}.` : `Removed "${root}${operation.path}".`;
}

/** Plans links to make and take away, on top of the tree as it is. */
import { nameInstance, templateOf, unitNameForm } from '../../unit/unit-name.ts';
import type { InstallNote, InstallProblem, LinkOperation } from './change.ts';
import type { UnitFileView } from './install-context.ts';
import { baseOf, chase, linkTarget, parentOf, PlannedTree, simplify } from './unit-file-tree.ts';

export class LinkPlanner {
  readonly operations: LinkOperation[] = [];
  readonly notes: InstallNote[] = [];
  /** What fails the verb. */
  readonly problems: InstallProblem[] = [];
  /** What is told as a problem and fails nothing. */
  readonly complaints: InstallProblem[] = [];
  readonly remarks: string[] = [];
  readonly view: UnitFileView;
  readonly #tree: PlannedTree;
  /** Names and paths whose links are to go. */
  readonly #doomed = new Set<string>();

  constructor(view: UnitFileView) {
    this.#tree = new PlannedTree(view.tree);
    this.view = { ...view, tree: this.#tree };
  }

  /** @returns whether the link is there in the end */
  link(path: string, target: string, force: boolean): boolean {
    const before = this.#tree.entryAt(path);
    if (before !== null) {
      if (before.kind !== 'link') {
        this.problems.push({ problem: 'exists', path, target: null });
        return false;
      }
      if (this.#isSame(path, before.target, target)) return true;
      if (!force) {
        this.problems.push({ problem: 'exists', path, target: before.target });
        return false;
      }
      this.unlink(path);
    }
    this.operations.push({ kind: 'symlink', path, target });
    this.#tree.link(path, target);
    return true;
  }

  unlink(path: string): void {
    if (this.#tree.entryAt(path) === null) return;
    this.operations.push({ kind: 'unlink', path });
    this.#tree.remove(path);
  }

  /** With /lib a link to /usr/lib, both spellings are one file. */
  #isSame(link: string, a: string, b: string): boolean {
    const first = linkTarget(link, a);
    const second = linkTarget(link, b);
    if (first === second || chase(this.#tree, first) === chase(this.#tree, second)) return true;
    const { directories } = this.view.places;
    return baseOf(first) === baseOf(second) && directories.includes(parentOf(first)) && directories.includes(parentOf(second));
  }

  /** From now on `sweep` takes links of this name away, and those that lead to it. */
  doom(nameOrPath: string): void {
    this.#doomed.add(nameOrPath);
  }

  /** Takes away every link below a directory that is doomed, and then those that led to it. */
  sweep(directory: string): void {
    if (this.#doomed.size === 0) return;
    while (this.#sweepOnce(directory));
  }

  #sweepOnce(directory: string): boolean {
    let again = false;
    for (const name of this.#tree.list(directory)) {
      const path = `${directory}/${name}`;
      const entry = this.#tree.entryAt(path);
      if (entry?.kind === 'directory') {
        again = this.#sweepOnce(path) || again;
        continue;
      }
      if (entry?.kind !== 'link' || unitNameForm(name) === null || !this.#isDoomed(name, linkTarget(path, entry.target))) continue;
      this.unlink(path);
      if (!this.#doomed.has(path)) again = true;
      this.#doomed.add(path);
    }
    return again;
  }

  #isDoomed(name: string, target: string): boolean {
    const template = templateOf(name);
    if (this.#doomed.has(name) || (nameInstance(name) !== '' && template !== null && this.#doomed.has(template))) return true;
    if (target === '/dev/null') return false;
    const end = simplify(chase(this.#tree, target));
    return [target, end].some((each) => this.#doomed.has(each) || this.#doomed.has(baseOf(each)));
  }
}

/**
 * The syntax of zdaemon's configuration. Pure: text in, sections or the first error out.
 *
 *   file     = { line }
 *   line     = blank | "#" anything | "%define" NAME value | "<" TYPE [NAME] ">" | "</" TYPE ">" | "<" TYPE [NAME] "/>" | KEY value
 *   value    = the rest of the line, in which $NAME and ${NAME} stand for what was defined, and $$ for a dollar sign
 *
 * Names and types do not care for case. A section is ended by its own type.
 */
export interface Entry {
  /** As written; compare without case. */
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export interface Section {
  /** In lower case; '' for the file itself. */
  readonly type: string;
  readonly line: number;
  readonly entries: readonly Entry[];
  readonly sections: readonly Section[];
}

export class SyntaxProblem extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

interface Draft { readonly type: string; readonly line: number; readonly entries: Entry[]; readonly sections: Draft[] }

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Deeper than any configuration there is. */
const DEPTH_MAX = 16;
const SIGN_OR_NAME = /\$(\$|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|)/g;

/** @throws SyntaxProblem with the line of the first error */
export function parseSections(text: string): Section {
  const root: Draft = { type: '', line: 0, entries: [], sections: [] };
  const open: Draft[] = [root];
  const defined = new Map<string, string>();
  for (const [index, whole] of text.split('\n').entries()) {
    const line = index + 1;
    const content = whole.trim();
    if (content === '' || content.startsWith('#')) continue;
    const current = open.at(-1) as Draft;
    if (content.startsWith('%')) define(content, line, defined);
    else if (content.startsWith('</')) {
      const type = /^<\/\s*([^\s>]+)\s*>$/.exec(content)?.[1]?.toLowerCase();
      if (type === undefined) throw new SyntaxProblem(line, `"${shorten(content)}" is no end of a section: </TYPE> is wanted`);
      if (open.length === 1) throw new SyntaxProblem(line, `</${type}> ends no section`);
      if (current.type !== type) throw new SyntaxProblem(line, `</${type}> stands where </${current.type}> is wanted, for the section of line ${String(current.line)}`);
      open.pop();
    } else if (content.startsWith('<')) {
      const match = /^<\s*([^\s>/]+)(?:\s+([^\s>/]+))?\s*(\/?)>$/.exec(content);
      if (match === null) throw new SyntaxProblem(line, `"${shorten(content)}" begins no section: <TYPE> is wanted`);
      if (open.length > DEPTH_MAX) throw new SyntaxProblem(line, 'sections are nested too deeply');
      const section: Draft = { type: (match[1] ?? '').toLowerCase(), line, entries: [], sections: [] };
      current.sections.push(section);
      if (match[3] === '') open.push(section);
    } else {
      const [, key = '', value = ''] = /^(\S+)\s*([^]*)$/.exec(content) ?? [];
      current.entries.push({ key, value: substitute(value, line, defined), line });
    }
  }
  const unfinished = open.at(-1) as Draft;
  if (open.length > 1) throw new SyntaxProblem(unfinished.line, `<${unfinished.type}> is not ended`);
  return root;
}

function define(content: string, line: number, defined: Map<string, string>): void {
  const [, name = '', value = ''] = /^%define\s+(\S+)\s*([^]*)$/.exec(content) ?? [];
  if (!content.startsWith('%define')) throw new SyntaxProblem(line, `"${shorten(content)}": only %define may begin with a percent sign`);
  if (!NAME.test(name)) throw new SyntaxProblem(line, `%define wants a name of letters, digits and underscores, not "${shorten(name)}"`);
  const key = name.toLowerCase();
  const text = substitute(value, line, defined);
  if (defined.has(key) && defined.get(key) !== text) throw new SyntaxProblem(line, `${name} is defined already, as something else`);
  defined.set(key, text);
}

function substitute(value: string, line: number, defined: ReadonlyMap<string, string>): string {
  return value.replace(SIGN_OR_NAME, (_, all: string, braced: string | undefined, plain: string | undefined) => {
    if (all === '$') return '$';
    const name = braced ?? plain ?? '';
    const found = defined.get(name.toLowerCase());
    if (!NAME.test(name)) throw new SyntaxProblem(line, 'a dollar sign is written $$');
    if (found === undefined) throw new SyntaxProblem(line, `$${name} is not defined`);
    return found;
  });
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** `heartwood-gateway token` and `password`: lines for the configuration. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hash, truncates } from 'bcryptjs';
import { isLevel } from './callers/caller.ts';
import { tokenHash } from './callers/credentials.ts';

const TOKEN_BYTES = 24;
const COST = 12;
const SHORTEST_PASSWORD = 8;

/** @returns what goes to standard output and error, or a sentence about what is wrong */
export async function makeSecret(words: readonly string[]): Promise<{ readonly line: string; readonly aside: string } | string> {
  const [what, name = '', level = 'read', ...more] = words;
  if (!/^[A-Za-z0-9_.@-]+$/.test(name)) return `${what ?? ''}: a name of letters, digits and _ . @ - is wanted`;
  if (!isLevel(level) || more.length > 0) return `${what ?? ''}: after the name comes one of view, read, write, manage`;
  if (what === 'token') {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    return { line: `${name}=${level} sha256:${tokenHash(token)}`, aside: `The token, which is shown only now: ${token}` };
  }
  const password = readFileSync(0, 'utf8').replace(/\r?\n$/, '');
  if (password.length < SHORTEST_PASSWORD) return `password: at least ${SHORTEST_PASSWORD} characters are wanted on standard input`;
  if (truncates(password)) return 'password: bcrypt takes no more than 72 bytes';
  return { line: `${name}=${level} ${await hash(password, COST)}`, aside: '' };
}

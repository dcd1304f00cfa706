/** Checks passwords against bcrypt hashes, few at a time, and remembers for a while which were right. */
import { createHash, randomBytes } from 'node:crypto';
import { compare, truncates } from 'bcryptjs';
import { PASSWORD_CHECKS_MAX, PASSWORD_MEMORY_MAX, PASSWORD_MEMORY_MSEC } from '../limits.ts';

/** A hash of a password nobody knows, with the usual cost: an unknown user takes as long as a wrong password. */
const NOBODYS_HASH = '$2b$10$UMwJRGd8b5EPyNXexgpxYenJBBmh7q6ZD31xYtP/YeMHBlGD0Au2.';

const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Each step doubles the time; beyond this one check takes seconds. */
const COST_MAX = 14;

/** @returns a sentence about what is wrong with the hash, or null */
export function hashProblem(hash: string): string | null {
  const cost = BCRYPT_HASH.exec(hash)?.[1];
  if (cost === undefined) return 'is no bcrypt hash ($2b$…)';
  return Number(cost) > COST_MAX ? `has a cost above ${COST_MAX}` : null;
}

export class PasswordCheck {
  /** Hash of what was right, and until when that counts. */
  readonly #right = new Map<string, number>();
  /** Passwords are never kept, and their hashes here are of no use elsewhere. */
  readonly #salt = randomBytes(16);
  #running = 0;

  /** @returns null when too many are being checked */
  async isRight(password: string, hash: string | undefined): Promise<boolean | null> {
    const key = createHash('sha256').update(this.#salt).update(hash ?? '').update('\0').update(password).digest('base64');
    const until = this.#right.get(key);
    if (until !== undefined && until > Date.now()) return true;
    if (this.#running >= PASSWORD_CHECKS_MAX) return null;
    this.#running += 1;
    try {
      // More than 72 bytes would be cut off, and another password with the same beginning taken.
      const matches = await compare(password, hash ?? NOBODYS_HASH) && hash !== undefined && !truncates(password);
      if (matches) {
        if (this.#right.size >= PASSWORD_MEMORY_MAX) this.#right.clear();
        this.#right.set(key, Date.now() + PASSWORD_MEMORY_MSEC);
      }
      return matches;
    } finally {
      this.#running -= 1;
    }
  }
}

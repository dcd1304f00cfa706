/** A page for people: one document that needs nothing from anywhere else, and may run nothing but its own script. */
import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sendText } from './reply.ts';

export class SelfContainedPage {
  readonly #page: string;
  readonly #policy: string;

  /** @param page with one style and one script in it */
  constructor(page: string) {
    this.#page = page;
    const hashOf = (tag: string): string => {
      const content = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(this.#page)?.[1] ?? '';
      return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    };
    this.#policy = [
      "default-src 'none'", `script-src ${hashOf('script')}`, `style-src ${hashOf('style')}`, "connect-src 'self'", "img-src data:",
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ].join('; ');
  }

  send(response: ServerResponse): void {
    sendText(response, 200, this.#page, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': this.#policy, 'X-Frame-Options': 'DENY', 'Cross-Origin-Opener-Policy': 'same-origin' });
  }
}

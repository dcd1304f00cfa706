/**
 * Tells requests that a page of another origin made a browser send. A browser sends credentials, and gets through to this machine's
 * loopback, for any page it shows; what it says about the page (Fetch metadata, `Origin`) decides.
 *
 * A page can also give its own name the address of this machine (DNS rebinding), and then is no other origin to the browser. Against that
 * the `Host` must be one by which nobody else can be called: an address, a name without dots, or one that was configured. Who proves who
 * he is needs no such check, since a rebound page has no credentials.
 */
import { isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** @returns a sentence when the request comes from a page elsewhere */
export function foreignPage(request: IncomingMessage, secure: boolean): string | null {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined && origin !== `${secure ? 'https' : 'http'}://${host ?? ''}`) return `requests from ${origin.slice(0, 100)} are not answered`;
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  // A link to the dashboard may stand anywhere; following it shows the page and does nothing.
  const isVisit = request.method === 'GET' && request.headers['sec-fetch-mode'] === 'navigate' && request.headers['sec-fetch-dest'] === 'document' && request.url === '/';
  return isVisit ? null : 'requests from pages of other origins are not answered';
}

/** Whether nobody else can have the name the request was sent to. @param names further ones, without port */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true;
  return name === 'localhost' || name.endsWith('.localhost') || /^[a-z0-9_-]+$/.test(name) || names.includes(name);
}

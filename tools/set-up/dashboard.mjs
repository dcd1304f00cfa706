/** The gateway's page for people: its style and its script are put into it, so that it needs nothing but itself. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot, distDirectory } from './checkout.mjs';
import { replaceFile } from './fingerprint.mjs';

const SOURCES = join(checkoutRoot, 'src/gateway/dashboard');
const PAGE = join(distDirectory, 'dashboard.html');

/** @returns {Promise<string | null>} what was done, or null */
export async function buildDashboard() {
  // A package of the programs alone has none.
  if (!existsSync(SOURCES)) return null;
  const source = (/** @type {string} */ name) => readFileSync(join(SOURCES, name), 'utf8');
  const page = source('page.html')
    .replace('<style></style>', () => `<style>\n${source('style.css')}</style>`)
    .replace('<script></script>', () => `<script>\n${source('script.js')}</script>`);
  if (existsSync(PAGE) && readFileSync(PAGE, 'utf8') === page) return null;
  replaceFile(PAGE, page);
  return 'dist/dashboard.html';
}

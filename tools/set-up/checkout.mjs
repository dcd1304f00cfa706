import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of the checkout this file is in. */
export const checkoutRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where all built things go. */
export const distDirectory = join(checkoutRoot, 'dist');

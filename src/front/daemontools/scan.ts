/** What is found in a scan directory. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** As svscan of daemontools. */
const SERVICES_MAX = 1000;
/** `NAME/log` has to be a name svscan can handle. */
const NAME_BYTES_MAX = 255;

export interface FoundService {
  /** Name in the scan directory. */
  readonly name: string;
  /** Device and inode of what it leads to: a service stays the same under another name. */
  readonly identity: string;
  readonly hasLog: boolean;
}

/** Directories and links to directories, sorted; each warning is a sentence. */
export function scanServices(directory: string): { readonly services: readonly FoundService[]; readonly warnings: readonly string[] } {
  const services: FoundService[] = [];
  const warnings: string[] = [];
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch (error) {
    return { services, warnings: [`unable to read directory: ${(error as Error).message}`] };
  }
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const status = statSync(join(directory, name), { throwIfNoEntry: false });
    if (status?.isDirectory() !== true) continue;
    const hasLog = statSync(join(directory, name, 'log'), { throwIfNoEntry: false })?.isDirectory() === true;
    if (Buffer.byteLength(`${name}${hasLog ? '/log' : ''}`) > NAME_BYTES_MAX) warnings.push(`unable to start ${name}/log: name is too long`);
    else if (services.length === SERVICES_MAX) warnings.push(`unable to start ${name}: running too many services`);
    else services.push({ name, identity: `${String(status.dev)}:${String(status.ino)}`, hasLog });
  }
  return { services, warnings };
}

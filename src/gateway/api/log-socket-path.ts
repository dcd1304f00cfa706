import type { ManagerLink } from '../manager-link.ts';

/** logd listens in the manager's runtime directory. */
export async function logSocket(link: ManagerLink): Promise<string> {
  return `${(await link.ask('manager', {})).runtimeDirectory}/log`;
}

/**
 * The environment as it was before the launcher.
 *
 * The launcher renames NODE_… and SSL_… variables (`NODE_ENV` to `HEARTWOOD_ENV_NODE_ENV`), because Node would obey them while it
 * starts. Once it runs they do no harm, and whoever started the manager meant them for the services: `docker run -e NODE_ENV=…`.
 */

/** What launcher and build tell the manager; no process below it is to see them. */
export const OWN_VARIABLES: ReadonlySet<string> = new Set(['HEARTWOOD_NODE', 'HEARTWOOD_NOFILE', 'HEARTWOOD_RESCUE', 'HEARTWOOD_RECORD_CODE_CACHE', 'HEARTWOOD_FAULTS', 'HEARTWOOD_CONSOLE_IS_TERMINAL', 'HEARTWOOD_HANG_MSEC', 'HEARTWOOD_FAILED_STARTS']);

const PREFIX = 'HEARTWOOD_ENV_';

/**
 * Gives renamed variables their names back, in place. To be called once, before anything reads the environment. Whoever executes
 * Node again (re-exec) does so through the launcher, which renames them anew.
 *
 * @param environment `process.env`
 */
export function restoreEnvironment(environment: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX)) continue;
    environment[name.slice(PREFIX.length)] = value;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- process.env has no other way to unset
    delete environment[name];
  }
}

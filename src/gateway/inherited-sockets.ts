/** Sockets that a socket unit hands over. Source: sd_listen_fds(3). */

/** They follow standard input, output and error. */
const FIRST_FD = 3;

/** @returns their descriptors; none when the gateway was started by hand. What tells of them is taken from the environment. */
export function inheritedSockets(environment: NodeJS.ProcessEnv, pid: number): readonly number[] {
  const { LISTEN_FDS: count, LISTEN_PID: owner } = environment;
  for (const name of ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES']) Reflect.deleteProperty(environment, name);
  if (count === undefined || Number(owner) !== pid || !/^\d{1,3}$/.test(count)) return [];
  return Array.from({ length: Number(count) }, (_, i) => FIRST_FD + i);
}

/** Names of stored fds in the host's table: `store:UNIT:FDNAME:NUMBER`. An FDNAME has no colon; a unit may. */

/** FDNAME of a key. */
export function storedName(key: string): string {
  return key.split(':').at(-2) ?? 'stored';
}

/** Whether a name of the host's table is a key of a store. */
export function isStoredFd(name: string): boolean {
  return name.startsWith('store:');
}

import type os from 'node:os';

/** `node:os`, loaded when something is first asked of it: that takes half a millisecond, and a start without conditions asks nothing. */
export function operatingSystem(): typeof os {
  return process.getBuiltinModule('node:os');
}

/** Whether numbers stand in memory with the lowest byte first. */
export const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

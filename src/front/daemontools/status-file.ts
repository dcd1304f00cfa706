/**
 * The 18 bytes of `supervise/status`: TAI64N of the last change (8 + 4 bytes, big-endian), process id (4, little-endian, 0 = down),
 * paused (0 or 1), wanted (`u`, `d`, or 0 for neither).
 */
export const STATUS_BYTES = 18;

/** 2^62 and the 10 seconds that TAI was ahead in 1970. */
const TAI_EPOCH_SECONDS = 4611686018427387914n;

export interface SupervisedStatus {
  /** Milliseconds since the epoch. */
  readonly sinceMsec: number;
  /** 0 = down. */
  readonly pid: number;
  readonly paused: boolean;
  readonly wanted: 'up' | 'down' | null;
}

export function encodeStatus(status: SupervisedStatus): Buffer {
  const bytes = Buffer.alloc(STATUS_BYTES);
  bytes.writeBigUInt64BE(TAI_EPOCH_SECONDS + BigInt(Math.floor(status.sinceMsec / 1000)), 0);
  bytes.writeUInt32BE(Math.floor(status.sinceMsec % 1000) * 1_000_000, 8);
  bytes.writeUInt32LE(status.pid, 12);
  bytes[16] = status.paused ? 1 : 0;
  bytes[17] = status.wanted === null ? 0 : status.wanted.charCodeAt(0);
  return bytes;
}

/** null when these are not the bytes of a status. */
export function decodeStatus(bytes: Buffer): SupervisedStatus | null {
  if (bytes.length !== STATUS_BYTES) return null;
  return {
    sinceMsec: Number(bytes.readBigUInt64BE(0) - TAI_EPOCH_SECONDS) * 1000 + bytes.readUInt32BE(8) / 1_000_000,
    pid: bytes.readUInt32LE(12),
    paused: bytes[16] !== 0,
    wanted: bytes[17] === 'u'.charCodeAt(0) ? 'up' : bytes[17] === 'd'.charCodeAt(0) ? 'down' : null,
  };
}

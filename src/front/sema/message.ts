/**
 * What sema's clients and servers say to each other. A message is a list of strings:
 *
 *   "sema"  version byte 0  length of the rest (u32, big endian)  then for each string its length (u32, big endian) and its bytes
 *
 * Requests are SCRIPT COMMAND WORD…; with an empty script, `ls` and `killScript FILE`. Replies begin with STATUS, SCRIPT, PID or KILLED, of
 * which there may be many, and OK or ERROR, which is the last.
 */
const MAGIC = Buffer.from('sema\0', 'latin1');
const HEADER_BYTES = 9;
const LENGTH_BYTES = 4;
/** What a person types, or a script replies; more is no message of sema. */
const PAYLOAD_BYTES_MAX = 1 << 20;

export class MessageError extends Error {}

export function encodeMessage(fields: readonly string[]): Buffer {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field);
    return [lengthBytes(bytes.length), bytes];
  });
  const payload = Buffer.concat(parts);
  return Buffer.concat([MAGIC, lengthBytes(payload.length), payload]);
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  #pending = Buffer.alloc(0);

  /** @returns the messages that are complete now @throws MessageError when this is no stream of messages */
  push(chunk: Buffer): readonly (readonly string[])[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const messages: (readonly string[])[] = [];
    for (let message = this.#take(); message !== null; message = this.#take()) messages.push(message);
    return messages;
  }

  #take(): readonly string[] | null {
    const known = Math.min(this.#pending.length, MAGIC.length);
    if (!this.#pending.subarray(0, known).equals(MAGIC.subarray(0, known))) throw new MessageError('this is no message of sema, version 0');
    if (this.#pending.length < HEADER_BYTES) return null;
    const length = this.#pending.readUInt32BE(MAGIC.length);
    if (length > PAYLOAD_BYTES_MAX) throw new MessageError(`a message of ${String(length)} bytes is too long`);
    if (this.#pending.length < HEADER_BYTES + length) return null;
    const payload = this.#pending.subarray(HEADER_BYTES, HEADER_BYTES + length);
    this.#pending = this.#pending.subarray(HEADER_BYTES + length);
    return readFields(payload);
  }
}

function readFields(payload: Buffer): readonly string[] {
  const fields: string[] = [];
  for (let at = 0; at < payload.length;) {
    const start = at + LENGTH_BYTES;
    const end = start <= payload.length ? start + payload.readUInt32BE(at) : Infinity;
    if (end > payload.length) throw new MessageError('a string of the message is longer than the message');
    fields.push(payload.toString('utf8', start, end));
    at = end;
  }
  return fields;
}

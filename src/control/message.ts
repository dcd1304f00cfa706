/**
 * JSON-RPC 2.0 messages, one on each line. Source: www.jsonrpc.org/specification, without batches (a client that wants many things
 * sends many lines).
 *
 * Version history of what is said in these messages (the `protocol` number of `hello`):
 * - 1: the first
 */
import { ERROR_CODES } from './error-codes.ts';
import type { Failure } from './error-codes.ts';

/** The protocol this program speaks. It also understands every older one from PROTOCOL_OLDEST on. */
export const PROTOCOL = 1;
export const PROTOCOL_OLDEST = 1;

/** Chosen by the client, given back in the answer. */
export type MessageId = number | string;

export type Incoming =
  /** `id` null is a notification: it gets no answer. */
  | { readonly kind: 'request'; readonly id: MessageId | null; readonly method: string; readonly params: unknown }
  | { readonly kind: 'result'; readonly id: MessageId; readonly result: unknown }
  | { readonly kind: 'error'; readonly id: MessageId | null; readonly code: number; readonly message: string; readonly unit: string | null }
  | { readonly kind: 'malformed'; readonly id: MessageId | null; readonly failure: Failure };

/** What a line says. Anything that is no message becomes `malformed` with the code to answer. */
export function decodeMessage(line: string): Incoming {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: 'malformed', id: null, failure: { name: 'parse-error', message: 'the line is not JSON' } };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return malformed(null, 'a message is a JSON object');
  const message = value as Readonly<Record<string, unknown>>;
  const id = isId(message['id']) ? message['id'] : null;
  if (message['jsonrpc'] !== '2.0') return malformed(id, 'the member "jsonrpc" must be "2.0"');
  if (message['id'] !== undefined && message['id'] !== null && id === null) {
    return malformed(null, 'the member "id" must be a whole number or a string of at most 64 characters');
  }
  if (typeof message['method'] === 'string') {
    return { kind: 'request', id, method: message['method'], params: message['params'] ?? {} };
  }
  if (typeof message['error'] === 'object' && message['error'] !== null) {
    const error = message['error'] as Readonly<Record<string, unknown>>;
    const data = error['data'] as Readonly<Record<string, unknown>> | undefined;
    return {
      kind: 'error',
      id,
      code: typeof error['code'] === 'number' ? error['code'] : ERROR_CODES['internal-error'],
      message: typeof error['message'] === 'string' ? error['message'] : 'unknown error',
      unit: typeof data?.['unit'] === 'string' ? data['unit'] : null,
    };
  }
  if ('result' in message && id !== null) return { kind: 'result', id, result: message['result'] };
  return malformed(id, 'the member "method" is missing');
}

function malformed(id: MessageId | null, message: string): Incoming {
  return { kind: 'malformed', id, failure: { name: 'invalid-request', message } };
}

function isId(value: unknown): value is MessageId {
  return (typeof value === 'number' && Number.isSafeInteger(value)) || (typeof value === 'string' && value.length <= 64);
}

/** Each returns a whole line with its newline. */
export function encodeRequest(id: MessageId | null, method: string, params: unknown): string {
  return `${JSON.stringify(id === null ? { jsonrpc: '2.0', method, params } : { jsonrpc: '2.0', id, method, params })}\n`;
}

export function encodeResult(id: MessageId, result: unknown): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`;
}

export function encodeError(id: MessageId | null, failure: Failure): string {
  const data = failure.unit === undefined ? { name: failure.name } : { name: failure.name, unit: failure.unit };
  return `${JSON.stringify({ jsonrpc: '2.0', id, error: { code: ERROR_CODES[failure.name], message: failure.message, data } })}\n`;
}

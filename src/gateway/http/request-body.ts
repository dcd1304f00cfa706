import type { IncomingMessage } from 'node:http';
import { BODY_BYTES_MAX } from '../limits.ts';
import { HttpProblem } from './http-problem.ts';

/**
 * The whole body of a request. Slow ones are ended by the server's own clock.
 *
 * @throws HttpProblem 413 when it is too long, 415 when it is packed
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new HttpProblem(415, 'unsupported-encoding', 'send the body as it is, not packed', { headers: { Connection: 'close' } });
  const tooLong = new HttpProblem(413, 'body-too-long', `a body may have ${BODY_BYTES_MAX} bytes`, { headers: { Connection: 'close' } });
  if (Number(request.headers['content-length'] ?? '0') > BODY_BYTES_MAX) throw tooLong;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw tooLong;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * The body as a JSON object; nothing at all is an empty one.
 *
 * @throws HttpProblem 400 with what is wrong
 */
export async function readJsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return {};
  return parseJsonObject(bytes.toString('utf8'));
}

/** @throws HttpProblem 400 with line and column where the text is no JSON */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HttpProblem(400, 'bad-json', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new HttpProblem(400, 'bad-json', 'the body is to be a JSON object');
  return value as Readonly<Record<string, unknown>>;
}

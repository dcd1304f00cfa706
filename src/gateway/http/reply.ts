/** Answers, all with the same careful headers. */
import type { ServerResponse } from 'node:http';
import type { HttpProblem } from './http-problem.ts';

const CAREFUL_HEADERS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer', 'Cross-Origin-Resource-Policy': 'same-origin',
};

export function sendText(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, { ...CAREFUL_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': bytes.length, ...headers });
  response.end(bytes);
}

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  sendText(response, status, `${JSON.stringify(value)}\n`, { 'Content-Type': 'application/json', ...headers });
}

/** `{"error":{"code","message","unit"}}` */
export function sendProblem(response: ServerResponse, problem: HttpProblem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, code, message, unit, headers } = problem;
  sendJson(response, status, { error: { code, message, ...(unit === null ? {} : { unit }) } }, headers);
  // What is left of a body that is not wanted is not waited for.
  if (headers['Connection'] === 'close') response.once('finish', () => { response.req.destroy(); });
}

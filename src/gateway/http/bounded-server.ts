/** A server for HTTP/1.1 in which every wait and every size has an end. */
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { Socket } from 'node:net';
import {
  CONNECTIONS_MAX, HEADER_BYTES_MAX, HEADERS_MAX, HEADERS_TIMEOUT_MSEC, KEEP_ALIVE_MSEC, REQUEST_TIMEOUT_MSEC, REQUESTS_PER_CONNECTION, SILENCE_TIMEOUT_MSEC, TIMEOUT_CHECK_MSEC,
} from '../limits.ts';

/** Texts in PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Whose clients' certificates are wanted; null = none is asked for. */
  readonly ca: string | null;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What the parser found wrong, as a status. The rest is 400. */
const STATUS_OF_ERROR: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** @throws Error when certificate or key cannot be used */
export function createBoundedServer(tls: TlsFiles | null, handle: Handler): Server {
  const bounds = {
    maxHeaderSize: HEADER_BYTES_MAX, headersTimeout: HEADERS_TIMEOUT_MSEC, requestTimeout: REQUEST_TIMEOUT_MSEC,
    connectionsCheckingInterval: TIMEOUT_CHECK_MSEC, keepAliveTimeout: KEEP_ALIVE_MSEC, requireHostHeader: true, insecureHTTPParser: false,
  };
  const server = tls === null
    ? createServer(bounds, handle)
    : createSecureServer({
      ...bounds, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_TIMEOUT_MSEC,
      ...(tls.ca === null ? {} : { ca: tls.ca, requestCert: true, rejectUnauthorized: true }),
    }, handle);
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION;
  server.setTimeout(SILENCE_TIMEOUT_MSEC);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.destroyed || !socket.writable || (socket instanceof Socket && socket.bytesWritten > 0)) {
      socket.destroy();
      return;
    }
    const status = STATUS_OF_ERROR[error.code ?? ''] ?? 400;
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => { socket.destroy(); });
  });
  // Nobody who cannot shake hands is worth a line.
  server.on('tlsClientError', (_error: Error, socket: Socket) => { socket.destroy(); });
  return server;
}

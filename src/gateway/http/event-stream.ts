/** Server-sent events with a bound on what waits for the reader. Source: html.spec.whatwg.org, "Server-sent events". */
import type { ServerResponse } from 'node:http';
import { STREAM_BEAT_MSEC, STREAM_BYTES_MAX, STREAMS_MAX } from '../limits.ts';
import { HttpProblem } from './http-problem.ts';

let open = 0;

/** How many streams there are. */
export function openStreams(): number {
  return open;
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #beat: NodeJS.Timeout;
  /** Bytes were waiting at the last beat already. */
  #wasBehind = false;

  /**
   * Begins the answer.
   *
   * @param onEnd called once, when the reader has gone or was dropped
   * @throws HttpProblem 503 when there are too many
   */
  constructor(response: ServerResponse, onEnd: () => void) {
    if (open >= STREAMS_MAX) throw new HttpProblem(503, 'too-many-streams', `there are ${STREAMS_MAX} streams already`, { headers: { 'Retry-After': '10' } });
    open += 1;
    this.#response = response;
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', 'X-Accel-Buffering': 'no' });
    response.socket?.setTimeout(0);
    response.socket?.setNoDelay(true);
    response.write(': hello\n\n');
    this.#beat = setInterval(() => { this.#onBeat(); }, STREAM_BEAT_MSEC);
    response.once('close', () => {
      open -= 1;
      clearInterval(this.#beat);
      onEnd();
    });
  }

  /** @param data is sent as one line of JSON */
  send(event: string, data: unknown): void {
    this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  #onBeat(): void {
    const isBehind = this.#response.writableLength > 0;
    // For a whole beat nothing was read.
    if (isBehind && this.#wasBehind) this.#response.destroy();
    this.#wasBehind = isBehind;
    this.#write(': beat\n\n');
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#response.write(text);
    if (this.#response.writableLength > STREAM_BYTES_MAX) this.#response.destroy();
  }
}

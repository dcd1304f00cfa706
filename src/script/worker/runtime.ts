/** What runs a script inside of its worker, whatever its language. */
import type { FromScript } from '../port.ts';

export interface Runtime {
  /** Runs the main thread to its first wait. */
  begin(): void;
  call(call: number, command: string, words: readonly string[]): void;
  /** A child has ended. */
  onExit(id: number, status: number): void;
  /** A write, a watched file or a request about a unit came to its end. */
  onDone(id: number, error: string | null, value: string): void;
}

export type Post = (message: FromScript) => void;

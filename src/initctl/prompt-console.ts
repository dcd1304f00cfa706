/** What a system says on its console while somebody types at its prompt: put above the line being typed, never into it. */
import { createReadStream } from 'node:fs';

/** A line longer than this is shown in pieces: nobody's output may grow our memory. */
const LINE_CHARS_MAX = 4096;
/** Back to the first column, and the line and what is below it (a list of candidates) gone. */
const CLEAR = '\r\x1b[J';

/**
 * Shows whole lines. The manager's running line (a late job's elapsed time, rewritten in place) has no end and is left out: it would
 * be rewritten over what is typed.
 *
 * @param redraw draws the prompt with what was typed again
 * @returns ends with the console: when its last writer is gone
 */
export function showConsole(fd: number, out: NodeJS.WritableStream, redraw: () => void): Promise<void> {
  let rest = '';
  const stream = createReadStream('', { fd, encoding: 'utf8' });
  stream.on('data', (chunk) => {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() as string;
    if (rest.length > LINE_CHARS_MAX) {
      lines.push(rest);
      rest = '';
    }
    if (lines.length === 0) return;
    out.write(CLEAR + lines.map((line) => `${line.slice(line.lastIndexOf('\r', line.length - 2) + 1)}\n`).join(''));
    redraw();
  });
  return new Promise((resolve) => {
    stream.on('close', resolve);
    stream.on('error', () => { resolve(); });
  });
}

/** The worker thread of a script: understands the text, then waits for the word to begin. */
import { parentPort, workerData } from 'node:worker_threads';
import type { FromScript, ScriptStart, ToScript } from '../port.ts';
import type { Runtime } from './runtime.ts';

export async function runWorker(): Promise<void> {
  const start = workerData as ScriptStart;
  const post = (message: FromScript): void => { parentPort?.postMessage(message); };
  let runtime: Runtime;
  try {
    runtime = await loadScript(start, post);
  } catch (error) {
    post({ kind: 'ended', error: error instanceof Error ? error.message : String(error) });
    return;
  }
  parentPort?.on('message', (message: ToScript) => {
    switch (message.kind) {
      case 'go':
        runtime.begin();
        return;
      case 'call':
        runtime.call(message.call, message.command, message.words);
        return;
      case 'exit':
        runtime.onExit(message.id, message.status);
        return;
      case 'done':
        runtime.onDone(message.id, message.error, message.value);
        return;
      case 'ping':
        post({ kind: 'pong' });
        return;
    }
  });
  post({ kind: 'loaded' });
}

/** Either language is loaded only when it is asked for. @throws Error with file and line when the text cannot be understood */
async function loadScript(start: ScriptStart, post: (message: FromScript) => void): Promise<Runtime> {
  if (start.language === 'lua') return (await import('./lua.ts')).loadLua(start, post);
  return (await import('./javascript.ts')).loadJavaScript(start, post);
}

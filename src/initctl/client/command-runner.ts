/** Runs verbs in the Node client: performs what their generators ask for. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import type { Failure } from '../../control/error-codes.ts';
import type { AnyParams, Given, Method } from '../../control/requests.ts';
import { calendarSurroundings, readLocalZone, readZone } from '../../host/unit-loader/time-zones.ts';
import { EXIT } from '../exit-status.ts';
import { renderProgress } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import type { FileOutcome, Reply, TimeZones, VerbRun, VerbStep } from '../verb.ts';
import { editInEditor } from './editor.ts';
import { readLog, readTail, type LogSink } from './log-source.ts';
import { copyLog } from './copy-log.ts';
import { readCrashes } from './crash-files.ts';
import { feedFifo } from './feed-fifo.ts';
import { runInPlace } from './run-in-place.ts';
import { runOwnProgram } from './own-program.ts';
import { joinTerminal } from './terminal-session.ts';
import type { Places } from './places.ts';
import { awaitOtherFiles, readUnitDirectory } from './unit-directory.ts';

/** Who answers requests: a manager, or the files alone. */
export interface Answerer {
  request<M extends Method>(method: M, params: Given<M>): Promise<Reply<M>>;
}

/** An answerer for requests of which only the method's name is known: their parameters are checked by who answers. */
type LooseAnswerer = (method: Method, params: AnyParams) => Promise<Reply<Method>>;

export interface RunnerOptions {
  readonly answerer: () => Promise<Answerer | Failure>;
  readonly places: Places;
  readonly terminal: Terminal;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Aborted when the user does not want to wait any longer. */
  readonly signal: AbortSignal;
  /** For who reads standard input meanwhile: called before something else does; what it returns, after that. */
  readonly lendInput?: () => () => void;
}

const PROGRESS_DELAY_MSEC = 400;
const PROGRESS_INTERVAL_MSEC = 200;
const ERASE_LINE = '\r\x1b[K';

/** Steps during which standard input is somebody else's. */
const READING_INPUT: ReadonlySet<VerbStep['step']> = new Set<VerbStep['step']>(['join-terminal', 'edit-text', 'program', 'feed', 'read-input']);

/** @returns the exit status */
export async function runVerb(run: VerbRun, options: RunnerOptions): Promise<number> {
  const sink: LogSink = {
    signal: options.signal,
    write: (bytes) => writeTo(options.stdout, bytes),
    complain: (text) => { options.stderr.write(text); },
  };
  let input: unknown;
  for (;;) {
    const next = run.next(input);
    input = undefined;
    if (next.done === true) return next.value;
    const step = next.value;
    const takeBack = READING_INPUT.has(step.step) ? options.lendInput?.() : undefined;
    switch (step.step) {
      case 'out':
        await writeTo(options.stdout, step.text);
        break;
      case 'err':
        await writeTo(options.stderr, step.text);
        break;
      case 'log':
        await readTail(step.tail, options.places, options.terminal, sink);
        break;
      case 'read-log':
        input = await readLog(step.query, options.places, sink);
        break;
      case 'time-zones':
        input = timeZones();
        break;
      case 'copy-log':
        input = await copyLog(step.copy, options.places, sink, options.stdout);
        break;
      case 'unit-directory':
        input = step.unlike === null ? readUnitDirectory(step.path) : await awaitOtherFiles(step.unlike, options.signal);
        if (options.signal.aborted) return EXIT.interrupted;
        break;
      case 'program':
        input = await runOwnProgram(step.program, step.words);
        break;
      case 'join-terminal':
        input = await joinTerminal(step, async () => {
          const answerer = await options.answerer();
          return 'name' in answerer ? { ok: false, failure: answerer } : answerer.request('await-end', { unit: step.unit });
        });
        break;
      case 'exec':
        return await runInPlace(step.words, options.stderr);
      case 'feed':
        input = await feedFifo(step.path, process.stdin);
        break;
      case 'read-crashes':
        input = readCrashes(options.places.logDirectories);
        break;
      case 'read-file':
        input = fileOutcome(() => readFileSync(step.path, 'utf8'));
        break;
      case 'write-file':
        input = fileOutcome(() => {
          if (step.makeDirectory === true) mkdirSync(dirname(step.path), { recursive: true });
          writeFileSync(step.path, step.text);
          return '';
        });
        break;
      case 'edit-text':
        input = await editInEditor(step.name, step.text);
        break;
      case 'read-input':
        input = fileOutcome(() => readFileSync(0, 'utf8'));
        break;
      case 'working-directory':
        input = process.cwd();
        break;
      case 'sleep':
        await sleep(step.msec, options.signal);
        if (options.signal.aborted) return EXIT.interrupted;
        break;
      case 'request': {
        const reply = await ask(step.method, step.params, options);
        if (reply === 'interrupted') {
          options.stderr.write('Not waiting any longer; the jobs go on.\n');
          return EXIT.interrupted;
        }
        input = reply;
      }
    }
    takeBack?.();
  }
}

function fileOutcome(work: () => string): FileOutcome {
  try {
    return { ok: true, text: work() };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function timeZones(): TimeZones {
  const local = readLocalZone(process.env);
  return { local, find: readZone, surroundings: calendarSurroundings(local) };
}

async function ask(method: Method, params: AnyParams, options: RunnerOptions): Promise<Reply<Method> | 'interrupted'> {
  const answerer = await options.answerer();
  if ('name' in answerer) return { ok: false, failure: answerer };
  let stopListening = (): void => undefined;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    if (options.signal.aborted) resolve('interrupted');
    const interrupt = (): void => { resolve('interrupted'); };
    options.signal.addEventListener('abort', interrupt, { once: true });
    stopListening = () => { options.signal.removeEventListener('abort', interrupt); };
  });
  const stopProgress = method === 'enqueue' && options.terminal.stderrTty ? showProgress(answerer, options) : null;
  try {
    return await Promise.race([(answerer.request.bind(answerer) as LooseAnswerer)(method, params), interrupted]);
  } finally {
    stopListening();
    stopProgress?.();
  }
}

/** On a terminal: one line that says which jobs are waited for, replaced in place. */
function showProgress(answerer: Answerer, { stderr, terminal }: RunnerOptions): () => void {
  let shown = false;
  let stopped = false;
  let timer: NodeJS.Timeout;
  const show = async (): Promise<void> => {
    const jobs = await answerer.request('list-jobs', {});
    if (stopped || !jobs.ok) return;
    shown = true;
    stderr.write(`${ERASE_LINE}${renderProgress(jobs.value, terminal)}`);
    timer = setTimeout(() => void show(), PROGRESS_INTERVAL_MSEC);
  };
  timer = setTimeout(() => void show(), PROGRESS_DELAY_MSEC);
  return () => {
    stopped = true;
    clearTimeout(timer);
    if (shown) stderr.write(ERASE_LINE);
  };
}

function sleep(msec: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, msec);
    signal.addEventListener('abort', over, { once: true });
  });
}

/** Waits when the reader is slower: what is piped into `less` must not pile up in memory. */
function writeTo(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.write(data)) resolve();
    else stream.once('drain', resolve).once('close', resolve);
  });
}

/**
 * One command line run in the manager on behalf of the native client: drives the verb's generator, performs its requests, sends its
 * text, and stops when the client has too much unread.
 */
import type { CliAnswer } from '../../control/answers.ts';
import type { Failure } from '../../control/error-codes.ts';
import { OUTPUT_CHUNK_CHARS } from '../../control/limits.ts';
import { PARAMS, type Method, type Params } from '../../control/requests.ts';
import { EXIT, needsNode, readCommand, renderProgress, runCommand, type LogTail, type VerbRun } from '../../initctl/verbs.ts';
import type { Engine } from '../engine.ts';
import { describeError } from '../manager-engine.ts';
import { callerDirectory } from './caller-environment.ts';
import type { Peer } from './connection.ts';
import type { Dispatcher, Outcome } from './dispatcher.ts';
import type { Cancel } from './submit-request.ts';
import { readerOf } from './reads/readers.ts';

export interface CommandOutput {
  readonly isBacklogged: boolean;
  write(stream: 1 | 2, text: string): void;
  tail(tail: LogTail): void;
}

export interface CommandOptions {
  readonly engine: Engine;
  readonly dispatcher: Dispatcher;
  readonly peer: Peer;
  readonly params: Params<'cli'>;
  readonly output: CommandOutput;
  readonly onEnd: (outcome: { readonly ok: true; readonly value: CliAnswer } | { readonly ok: false; readonly failure: Failure }) => void;
}

/** A wait shorter than this shows nothing. */
const PROGRESS_DELAY_MSEC = 400;
const PROGRESS_INTERVAL_MSEC = 200;
const ERASE_LINE = '\r\x1b[K';

export class Command {
  readonly #options: CommandOptions;
  readonly #run: VerbRun | null;
  #ended = false;
  #running = false;
  #waiting = false;
  #cancel: Cancel | null = null;
  /** What the verb is resumed with. */
  #input: unknown = undefined;
  #progressTimer: NodeJS.Timeout | null = null;
  #progressShown = false;
  /** Requests made so far. The verb makes the same ones in the same order when it is run again. */
  #requests = 0;

  constructor(options: CommandOptions) {
    this.#options = options;
    const { params } = options;
    const command = readCommand({
      program: params.program,
      argv: params.argv,
      terminal: { columns: params.stdoutTty ? params.columns : 0, rows: 0, stdoutTty: params.stdoutTty, stderrTty: params.stderrTty, colour: params.colour, underline: params.underline, unicode: params.unicode },
      nowUsec: options.engine.now().realtimeUsec,
    });
    this.#run = needsNode(command) ? null : runCommand(command);
  }

  /** Goes on until the verb waits for an answer, the client is backlogged, or it is over. */
  resume(): void {
    if (this.#ended || this.#running || this.#waiting) return;
    if (this.#run === null) {
      this.#end({ ok: true, value: { run: 'node' } });
      return;
    }
    this.#running = true;
    try {
      while (this.#mayGoOn()) {
        const input = this.#input;
        this.#input = undefined;
        const next = this.#run.next(input);
        if (next.done === true) {
          this.#end({ ok: true, value: { exit: next.value } });
          break;
        }
        const step = next.value;
        if (step.step === 'request') this.#request(step.method, step.params);
        else if (step.step === 'log') this.#options.output.tail(step.tail);
        else if (step.step === 'working-directory') this.#input = callerDirectory(this.#options.peer.pid);
        else if (step.step === 'sleep') this.#sleep(step.msec);
        else if (step.step === 'exec') this.#end({ ok: true, value: { exec: step.words } });
        else if (step.step === 'out' || step.step === 'err') this.#print(step.step === 'out' ? 1 : 2, step.text);
        // Everything else needs the caller's own process.
        else this.#end({ ok: true, value: { run: 'node' } });
      }
    } catch (error) {
      this.#options.engine.log.write('err', '', `the command "${this.#options.params.argv.join(' ').slice(0, 200)}" failed: ${describeError(error)}`);
      this.#end({ ok: false, failure: { name: 'internal-error', message: 'the command failed inside the manager; its log says how' } });
    } finally {
      this.#running = false;
    }
  }

  #mayGoOn(): boolean {
    return !this.#ended && !this.#waiting && !this.#options.output.isBacklogged;
  }

  #isWaiting(): boolean {
    return this.#waiting;
  }

  /** The user does not want to wait any longer. */
  interrupt(): void {
    if (this.#ended) return;
    if (this.#waiting) this.#print(2, 'Not waiting any longer; the jobs go on.\n');
    this.abandon();
    this.#end({ ok: true, value: { exit: EXIT.interrupted } });
  }

  /** The client is gone. */
  abandon(): void {
    this.#stopProgress();
    const cancel = this.#cancel;
    this.#cancel = null;
    cancel?.();
  }

  #request(method: Method, given: unknown): void {
    const checked = PARAMS[method](given, 'arguments');
    if (!checked.ok) {
      this.#input = { ok: false, failure: { name: 'invalid-params', message: checked.message } };
      return;
    }
    this.#waiting = true;
    const { peer, params } = this.#options;
    // The uid in it keeps others from asking for the answer.
    const key = params.key === '' ? null : `${String(peer.uid)}/${params.key}/${String(this.#requests++)}`;
    this.#cancel = this.#options.dispatcher.perform(this.#options.peer, method, checked.value, (outcome: Outcome<Method>) => {
      this.#cancel = null;
      this.#waiting = false;
      this.#input = outcome;
      this.#stopProgress();
      this.resume();
    }, key);
    // Perhaps the answer has come already.
    if (this.#isWaiting() && method === 'enqueue') this.#startProgress();
  }

  #sleep(msec: number): void {
    this.#waiting = true;
    const timer = setTimeout(() => {
      this.#cancel = null;
      this.#waiting = false;
      this.resume();
    }, msec);
    this.#cancel = () => {
      clearTimeout(timer);
    };
  }

  #print(stream: 1 | 2, text: string): void {
    for (let at = 0; at < text.length; at += OUTPUT_CHUNK_CHARS) this.#options.output.write(stream, text.slice(at, at + OUTPUT_CHUNK_CHARS));
  }

  #end(outcome: { readonly ok: true; readonly value: CliAnswer } | { readonly ok: false; readonly failure: Failure }): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopProgress();
    this.#options.onEnd(outcome);
  }

  /** On a terminal: one line that says which jobs are waited for, replaced in place. */
  #startProgress(): void {
    const { engine, params, output, peer } = this.#options;
    if (!params.stderrTty) return;
    const show = (): void => {
      const jobs = readerOf('list-jobs')({ engine, peer, privileged: true, units: [] }, { units: [], order: false });
      if (jobs.ok && !output.isBacklogged) {
        this.#progressShown = true;
        output.write(2, `${ERASE_LINE}${renderProgress(jobs.value, { columns: params.columns, unicode: params.unicode })}`);
      }
      this.#progressTimer = setTimeout(show, PROGRESS_INTERVAL_MSEC);
    };
    this.#progressTimer = setTimeout(show, PROGRESS_DELAY_MSEC);
  }

  #stopProgress(): void {
    if (this.#progressTimer !== null) clearTimeout(this.#progressTimer);
    this.#progressTimer = null;
    if (this.#progressShown) this.#options.output.write(2, ERASE_LINE);
    this.#progressShown = false;
  }
}

/**
 * Waits for lines on behalf of the manager: has the unit written a line with this text, or when will it? An ordinary query that follows,
 * so that what was stored before, what a former logd stored and what is still in a pipe count alike. A unit nobody asks about costs nothing.
 */
import type { Catalog } from './catalog.ts';
import { ChangeCollector } from './changes.ts';
import { LINE_WATCHES_MAX } from './limits.ts';
import { linePattern } from './line-pattern.ts';
import type { FromLogd, ToLogd } from './protocol.ts';
import { answerQuery, DEFAULT_QUERY } from './query.ts';

/** Enough to see which line it was. */
const SEEN_CHARACTERS_MAX = 160;

type Question = Extract<ToLogd, { readonly type: 'seek' }>;

interface Watch {
  readonly question: Question;
  readonly collector: ChangeCollector;
  readonly abort: AbortController;
}

export interface LineWatchesOptions {
  /** Where lines are kept now, and lines of earlier times; asked anew after a `reopened`. */
  readonly catalog: () => Catalog;
  readonly tell: (message: FromLogd) => void;
}

export class LineWatches {
  readonly #options: LineWatchesOptions;
  /** By unit and question. */
  readonly #watches = new Map<string, Map<string, Watch>>();
  #count = 0;

  constructor(options: LineWatchesOptions) {
    this.#options = options;
  }

  /** Answers with `seen` when there is such a line. Replaces an earlier question of the same name about the unit. */
  seek(question: Question): void {
    const { unit, name, token } = question;
    if (this.#watches.get(unit)?.get(name)?.question.token === token) return;
    this.unseek(unit, name);
    if (this.#count >= LINE_WATCHES_MAX) {
      this.#options.tell({ type: 'trouble', code: 'protocol', unit, message: `more than ${String(LINE_WATCHES_MAX)} lines are waited for: the probe of ${unit} is not asked` });
      return;
    }
    const watch: Watch = { question, collector: new ChangeCollector(), abort: new AbortController() };
    const ofUnit = this.#watches.get(unit) ?? new Map<string, Watch>();
    this.#watches.set(unit, ofUnit.set(name, watch));
    this.#count += 1;
    void this.#wait(watch);
  }

  unseek(unit: string, name: string): void {
    const ofUnit = this.#watches.get(unit);
    const watch = ofUnit?.get(name);
    if (ofUnit === undefined || watch === undefined) return;
    ofUnit.delete(name);
    if (ofUnit.size === 0) this.#watches.delete(unit);
    this.#count -= 1;
    watch.abort.abort();
  }

  /** The unit has more lines. */
  stored(unit: string): void {
    const ofUnit = this.#watches.get(unit);
    if (ofUnit !== undefined) for (const { collector } of ofUnit.values()) collector.note(unit);
  }

  /** Lines are kept in another place from now on. */
  reopened(): void {
    for (const ofUnit of this.#watches.values()) for (const { collector } of ofUnit.values()) collector.noteEverything();
  }

  async #wait({ question, collector, abort }: Watch): Promise<void> {
    const { unit, name, token, invocationId, pattern, fromStart } = question;
    const grep = linePattern(pattern);
    const query = {
      ...DEFAULT_QUERY, units: [unit], invocationId, grep, follow: true, format: 'cat' as const, showHostname: false,
      ...(fromStart ? { sinceUsec: 0, lines: null } : { sinceUsec: null, lines: 0 }),
    };
    const write = (bytes: Uint8Array): undefined => {
      if (abort.signal.aborted) return;
      const [line = ''] = Buffer.from(bytes).toString('utf8').split('\n', 1);
      this.unseek(unit, name);
      this.#options.tell({ type: 'seen', unit, token, line: line.slice(0, SEEN_CHARACTERS_MAX) });
    };
    try {
      await answerQuery(query, { catalog: this.#options.catalog(), collector, onChains: () => undefined, managerSegmentsMax: null }, { signal: abort.signal, write });
    } catch (error) {
      this.unseek(unit, name);
      this.#options.tell({ type: 'trouble', code: 'storage', unit, message: `the log of ${unit} cannot be searched for the line its probe waits for: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
}

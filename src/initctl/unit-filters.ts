/** `--type` and `--state`: what may stand there. A word that is misspelt would otherwise be an empty list, which scripts take for "none". */
import { EXIT } from './exit-status.ts';
import { optionList } from './options.ts';
import { complain, print, type Invocation, type VerbRun } from './verb.ts';

const UNIT_TYPES: readonly string[] = ['service', 'mount', 'swap', 'socket', 'target', 'device', 'automount', 'timer', 'path', 'slice', 'scope'];

/** `--type` takes these too. Source: systemctl(1). */
const LOAD_STATES: readonly string[] = ['stub', 'loaded', 'not-found', 'bad-setting', 'error', 'merged', 'masked'];
const ACTIVE_STATES: readonly string[] = ['active', 'reloading', 'inactive', 'failed', 'activating', 'deactivating', 'maintenance'];
/** Of all types together. Source: `systemctl --state=help` of systemd 252, the reload states of systemd 254, and our states of an overlapping restart. */
const SUB_STATES: readonly string[] = [
  'dead', 'condition', 'start-pre', 'start', 'start-post', 'running', 'exited', 'reload', 'reload-signal', 'reload-notify', 'replace-start', 'replace-watch', 'replace-stop', 'replace-kill', 'stop',
  'stop-watchdog', 'stop-sigterm', 'stop-sigkill', 'stop-post', 'final-watchdog', 'final-sigterm', 'final-sigkill', 'failed', 'auto-restart',
  'cleaning', 'abandoned', 'active', 'activating', 'activating-done', 'deactivating', 'deactivating-sigterm', 'deactivating-sigkill',
  'elapsed', 'listening', 'mounted', 'mounting', 'mounting-done', 'plugged', 'remounting', 'remounting-sigkill', 'remounting-sigterm',
  'start-chown', 'stop-pre', 'stop-pre-sigkill', 'stop-pre-sigterm', 'tentative', 'unmounting', 'unmounting-sigkill', 'unmounting-sigterm',
  'waiting',
];

/** Whether a word of `--type` is no type. */
export function isLoadState(word: string): boolean {
  return LOAD_STATES.includes(word);
}

/** What `--state` takes where units are listed. */
export const UNIT_STATES: readonly string[] = [...new Set([...LOAD_STATES, ...ACTIVE_STATES, ...SUB_STATES])];
/** What `--state` takes where unit files are listed. Source: systemctl(1), "is-enabled". */
export const UNIT_FILE_STATES: readonly string[] = [
  'enabled', 'enabled-runtime', 'linked', 'linked-runtime', 'alias', 'masked', 'masked-runtime', 'static', 'indirect', 'disabled',
  'generated', 'transient', 'bad',
];

/** @returns null when both are right; else the exit status: `help` was asked for, or a word is not known */
export function* checkFilters(call: Invocation, states: readonly string[]): VerbRun<number | null> {
  const lists = [
    { option: 'type', help: UNIT_TYPES, known: [...UNIT_TYPES, ...LOAD_STATES] },
    { option: 'state', help: states, known: states },
  ] as const;
  for (const { option, help, known } of lists) {
    if (call.options[option]?.includes('') === true) {
      yield* complain(`--${option}= requires arguments.`);
      return EXIT.usage;
    }
    const asked = optionList(call.options, option);
    if (asked.includes('help')) {
      if (option === 'type' && call.program === 'systemctl') yield* print('Available unit types:');
      yield* print(help.join('\n'));
      return EXIT.done;
    }
    const wrong = asked.find((word) => !known.includes(word));
    if (wrong === undefined) continue;
    if (option === 'type') {
      yield* complain(call.program === 'systemctl' ? `Unknown unit type or load state '${wrong}'.\nUse -t help to see a list of allowed values.`
        : `initctl ${call.verb}: --type knows no "${wrong}", but ${known.join(', ')}`);
      return EXIT.usage;
    }
    yield* complain(`${call.program} ${call.verb}: --state knows no "${wrong}", but ${known.join(', ')}`);
    // To systemctl any word is a state, and nothing is in one that it does not know: a script must not end there.
    if (call.program !== 'systemctl') return EXIT.usage;
  }
  return null;
}

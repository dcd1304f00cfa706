/**
 * What people's fingers and old scripts call: shutdown, halt, poweroff, reboot, telinit, init and runlevel, as command lines of
 * `systemctl`. Sources: shutdown(8), halt(8), telinit(8), runlevel(8) of systemd.
 */

/** A command line of systemctl to be run in its place; or the end of it, with text and exit status. */
export type Translated =
  | { readonly kind: 'run'; readonly argv: readonly string[] }
  | { readonly kind: 'end'; readonly text: string; readonly exit: 0 | 1 };

/** The unit that waits for the time of a shutdown. */
export const SCHEDULED_SHUTDOWN = 'scheduled-shutdown';

const run = (...argv: readonly string[]): Translated => ({ kind: 'run', argv });
const refuse = (text: string): Translated => ({ kind: 'end', text: `${text}\n`, exit: 1 });
const help = (text: string): Translated => ({ kind: 'end', text: `${text}\n`, exit: 0 });

const POWER_NAMES = ['halt', 'poweroff', 'reboot'] as const;
type PowerName = (typeof POWER_NAMES)[number];

export const OLD_NAMES: readonly string[] = [...POWER_NAMES, 'shutdown', 'telinit', 'init', 'runlevel'];

/**
 * @param now minutes since midnight, local time; for `shutdown 23:00`
 * @param path how this program can be run again
 */
export function translateOldName(name: string, argv: readonly string[], now: number, path: string): Translated {
  switch (name) {
    case 'halt': case 'poweroff': case 'reboot': return power(name, argv);
    case 'shutdown': return shutdown(argv, now, path);
    case 'telinit': case 'init': return changeRunlevel(name, argv);
    default: return argv.length === 0 ? run('runlevel') : argv.includes('--help') ? help('runlevel\n\nPrints the runlevel before this one, which nobody knows, and the present one.') : refuse('runlevel takes no arguments');
  }
}

/** `-abc` as `-a -b -c`. */
function spread(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word) => (/^-[a-zA-Z]{2,}$/.test(word) ? Array.from(word.slice(1), (letter) => `-${letter}`) : [word]));
}

function power(name: PowerName, argv: readonly string[]): Translated {
  let goal: PowerName = name;
  let isForced = false;
  for (const word of spread(argv)) {
    switch (word) {
      case '--help': return help(`${name} [-p|--poweroff] [--halt] [--reboot] [-f|--force] [-w|--wtmp-only] [-d] [-n|--no-sync] [--no-wall]\n\n-f does not stop units first; -w does nothing, for there is no wtmp.`);
      case '-p': case '--poweroff': goal = 'poweroff'; break;
      case '--halt': goal = 'halt'; break;
      case '--reboot': goal = 'reboot'; break;
      case '-f': case '--force': isForced = true; break;
      // Only the note in wtmp was asked for, which nobody keeps here.
      case '-w': case '--wtmp-only': return { kind: 'end', text: '', exit: 0 };
      case '-d': case '--no-wtmp': case '-n': case '--no-sync': case '--no-wall': case '-h': case '-i': break;
      default:
        // The argument of reboot is for the firmware, as in systemctl(1).
        if (word.startsWith('-')) return refuse(`${name}: there is no option ${word}`);
    }
  }
  // Without the manager's help is what -f means in these; systemctl(1) says it with two.
  return run(goal, ...(isForced ? ['--force', '--force'] : []));
}

function shutdown(argv: readonly string[], now: number, path: string): Translated {
  let goal: PowerName = 'poweroff';
  let isCancel = false;
  let isRehearsal = false;
  const words: string[] = [];
  for (const word of spread(argv)) {
    switch (word) {
      case '--help': return help('shutdown [-H|-P|-h|-r] [-k] [--no-wall] [TIME] [MESSAGE…]\nshutdown -c\n\nTIME is "now", "+MINUTES" or "HH:MM"; without it in one minute.');
      case '-H': case '--halt': goal = 'halt'; break;
      case '-P': case '--poweroff': case '-h': goal = 'poweroff'; break;
      case '-r': case '--reboot': goal = 'reboot'; break;
      case '-k': isRehearsal = true; break;
      case '-c': isCancel = true; break;
      case '--no-wall': case '-f': case '-F': case '-a': case '-t': break;
      default:
        if (word.startsWith('-')) return refuse(`shutdown: there is no option ${word}`);
        words.push(word);
    }
  }
  if (isCancel) return run('stop', '--quiet', `${SCHEDULED_SHUTDOWN}.timer`);
  const minutes = minutesUntil(words[0] ?? '+1', now);
  if (minutes === null) return refuse(`shutdown: "${words[0] ?? ''}" is no time: now, +MINUTES or HH:MM`);
  if (isRehearsal) return { kind: 'end', text: '', exit: 0 };
  if (minutes === 0) return run(goal);
  return run('run', `--unit=${SCHEDULED_SHUTDOWN}`, `--on-active=${String(minutes)}min`, '--collect', `--description=Shutdown that was asked for: ${goal}`, path, goal);
}

/** null when it is no time. */
function minutesUntil(text: string, now: number): number | null {
  if (text === 'now') return 0;
  if (/^\+?\d{1,8}$/.test(text)) return Number(text);
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const at = Number(hours) * 60 + Number(minutes);
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return null;
  const DAY_MINUTES = 24 * 60;
  return at > now ? at - now : at - now + DAY_MINUTES;
}

const TELINIT: Readonly<Record<string, readonly string[]>> = {
  0: ['poweroff'], 6: ['reboot'], 1: ['rescue'], s: ['rescue'], S: ['rescue'],
  2: ['isolate', 'runlevel2.target'], 3: ['isolate', 'runlevel3.target'], 4: ['isolate', 'runlevel4.target'], 5: ['isolate', 'runlevel5.target'],
  q: ['daemon-reload'], Q: ['daemon-reload'], u: ['daemon-reexec'], U: ['daemon-reexec'],
};

function changeRunlevel(name: string, argv: readonly string[]): Translated {
  const words = argv.filter((word) => word !== '--no-wall' && word !== '-e');
  if (words.includes('--help')) return help(`${name} 0|1|2|3|4|5|6|s|S|q|Q|u|U`);
  const [level, ...more] = words;
  if (level === undefined) return refuse(`${name}: which runlevel? 0 to 6, S, or Q and U to reload and re-execute the manager`);
  const argumentsOf = Object.hasOwn(TELINIT, level) && more.length === 0 ? TELINIT[level] : undefined;
  return argumentsOf === undefined ? refuse(`${name}: "${words.join(' ')}" is no runlevel: 0 to 6, S, Q or U`) : run(...argumentsOf);
}

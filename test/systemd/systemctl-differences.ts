/** Where the two systemctls answer differently on purpose; docs/differences.md has the same for people. */

interface Chosen {
  /** Of the command line. */
  readonly line: RegExp;
  /** Of each line that differs: `-` before theirs and `+` before ours. */
  readonly found: RegExp;
  readonly why: string;
}

/** What `status` adds, and what it says of units that systemd has forgotten by then. */
const STATUS_LINES = /^[-+] ?(TriggeredBy:)? +\{1;32\}● \{\}|^\+ +(Tasks|Why|Unheeded|Warning|Condition|Duration|Process|Main PID|TriggeredBy|Triggers|Restarts):|^[+-] +└─ ?(Condition|Assert)|^[+-] +Active: inactive|^[-+] (TriggeredBy:|) *● |^- +CGroup:|^\+ Warning: Its file|^[-+] [●○] (once|cache)\.service/;

const CHOSEN: readonly Chosen[] = [
  { line: /status/, found: STATUS_LINES, why: 'status answers the next question, too' },
  { line: /^sh:for n in/, found: /exits@|journalctl|Why:/, why: 'the same' },
  { line: /^(start|restart|reload|stop|try-|reload-or|enable --now)/, found: /^- (Job for .* failed because|Job failed|A dependency job|Failed to (start|stop|restart|reload|reload-or-try-restart) |See )|^\+ ?( *(└─ )?\S+\.(service|socket) .*|Job for .* failed\.|A dependency job for .* failed\.|See .*|Failed to (start|stop|restart|reload|try-reload-or-restart) .*)/, why: 'the reason is told at once' },
  { line: /^(enable|reenable)/, found: /^- +(The unit files have|Alias=|units\)|$|Possible|• |\.wants|a requirement|D-Bus|instance name|Failed to start bad|See system)|^- *$|^\+ (Nothing was|Failed to start bad)/, why: 'one sentence in place of a page' },
  { line: /./, found: /^[-+] *(Removed "|Created symlink |Unit \S+ (does not exist, proceeding|is masked, ignoring)|$|\(another order\))|^\(another order\)/, why: 'lines come in the order of a directory or a hash table' },
  { line: /^list-units( -\S+)*( --all| --full --all|.*--reverse)|--state=running|^list-units( --quiet)?$|^-- $/, found: /skipped\.service|init\.scope|loaded units listed|getty\.target/, why: 'units that did something are kept; the manager is no unit' },
  { line: /--state=nothing|--state=nonsense/, found: /knows no/, why: 'a misspelling is told' },
  { line: /list-paths/, found: /./, why: 'newer than systemd 252' },
  { line: /drawn|activating|start --no-block slow/, found: /after-slow|slow\.service|activating|Tasks:|Why:/, why: 'what is on its way is yellow' },
  { line: /list-units .*skipped\.service/, found: /skipped|UNIT|loaded units listed|(fails|gone)\.service/, why: 'units that did something are kept' },
  { line: /list-unit-files -l heartwood/, found: /\{4/, why: 'a dash is grey in an underlined row, too' },
  { line: /cat masked/, found: /is masked/, why: 'another colour' },
  { line: /^isolate nowhere/, found: /./, why: 'that it is not there is told, and not that it may not be isolated' },
  { line: /--n=3|--p web|--s=active/, found: /ambiguous|unrecognized/, why: 'there are more options' },
  { line: /^(status -n0 \/srv\/|enable "local enabled")/, found: /^- Invalid unit name/, why: 'no warning of what was made of a name' },
  { line: /status -n(=0|0 00?)|^cat -n web|^exit|web@/, found: /Failed to parse lines|Too few|PID|Invalid exit code|the exit status must|instance name|neither a valid|Did you mean|web@\.service/, why: 'other words' },
  { line: /^status -n0 --all|--with-dependencies|list-units --dry-run|-alt socket|^show -p ,/, found: /./, why: 'the units that are known differ; refused with advice' },
  { line: /^show -p Requires/, found: /./, why: 'names are sorted; goal.target is kept' },
  { line: /^help nowhere|^(bind|mount-image|switch-root|service-log-level|log-level|log-target|service-watchdogs)/, found: /./, why: 'told what does it; other words' },
  { line: /^list-machines/, found: /NAME +STATE/, why: 'the names of the two hosts differ in length' },
  { line: /list-dependencies/, found: /goal\.target|shutdown\.target|final\.target|heartwood-|\.mount$|journald|^[-+] ● [ │]*[├└]-*─?|local-fs|swap\.target/, why: 'goal.target is kept; the mounts and default.target of the rig are nobody\'s' },
  { line: /list-jobs|show -p .*Job/, found: /\d+ (after-)?slow\.service|Job=\d+|JOB UNIT|blocking job|waiting for job/, why: 'numbers of jobs; --after and --before are not known' },
  { line: /^(-H|-M|--version|--help|-h|help|--kill-whom=help|--signal|--what|--timestamp)/, found: /./, why: 'refused with advice; help is our own' },
  { line: /show-environment|NNames|-p Version/, found: /LANG=|"LANG"|^\+ \{"PATH"|NNames|Version=|^\+ Environment=/, why: '$LANG is not made up' },
  { line: /set-property|in-slice/, found: /./, why: 'drop-ins of set-property have the values as they were given' },
  { line: /^is-(active|failed)/, found: /^[-+] ([0-4]|degraded|Too few arguments\.)$/, why: '4 for no such unit, and is-failed of the whole, as in newer systemctl' },
  { line: /^(restart|reload-or-restart) gone$/, found: /^[-+] [01]$|gone\.service/, why: 'systemd forgot the start that came before the timer which names it' },
  { line: /-T|--show-transaction/, found: /Enqueued anchor job/, why: 'numbers of jobs; a restart of what is down is a start' },
  { line: /^start 'tpl@\*'/, found: /^- /, why: 'that a pattern means loaded units is in the manual' },
  { line: /--all cache\.service/, found: /cache\.service/, why: 'what was loaded is still known' },
  { line: /^(status -n0 (-- -\.slice|init\.scope|'tpl@\*'|1)|status --lines|start ('a b'|\.\.)|whoami|--user --global|--preset-mode|--dry-run|--image)/, found: /./, why: 'init.scope is no unit; other words; newer verbs' },
  { line: /--wait|^(clean|freeze|thaw)|FreezerState/, found: /./, why: 'needs D-Bus in systemd' },
  { line: /^--root=\//, found: /./, why: 'cat works below another root as well' },
  { line: /^(set-environment|unset-environment|import-environment|cancel|kill|start --job-mode|link|is-enabled|edit|reset-failed|isolate|reload-or-restart$|status -n0 tpl@|show -p Id \d|show -p Id --state|cat cache|show -p LoadState,LoadError|list-units -o json --all)/, found: /^[-+] [^\d]|^[-+] [01]$/, why: 'the same in other words; the warning of cat is our own' },
];

/** Why all that differs in what a command line printed is as it should be; null when it is not. */
export function reasonFor(line: string, found: readonly string[]): string | null {
  const told = found.filter((each) => /^ {4}/.test(each)).map((each) => each.slice(4));
  const another = told[0] === '(another order)';
  return CHOSEN.find((each) => each.line.test(line) && (another ? each.found.test('(another order)') : told.every((one) => each.found.test(one))))?.why ?? null;
}

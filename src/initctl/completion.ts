/** Completion for shells, generated from the verb and option tables. Names of units are asked from the manager when they are needed. */
import { EXIT } from './exit-status.ts';
import { hasOption, OPTIONS, optionRow, type OptionName } from './options.ts';
import { complain, print, printJson, type Operand, type Verb } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** @param verbs a function, because `completion` is itself one of them */
export function completionVerb(verbs: () => readonly Verb[]): Verb {
  return {
    name: 'completion',
    aliases: [],
    group: 'Tools',
    synopsis: 'bash|zsh|fish',
    summary: 'Print the completion script of a shell',
    operand: 'free',
    options: ['json'],
    runs: 'manager',
    *run(call) {
      const shell = SHELLS.find((known) => known === call.words[0]);
      if (shell === undefined || call.words.length !== 1) {
        yield* complain(`${call.program} completion: expected one of ${SHELLS.join(', ')}`);
        return EXIT.usage;
      }
      const script = renderCompletion(shell, verbs());
      if (hasOption(call.options, 'json')) yield* printJson({ shell, script });
      else yield* print(script);
      return EXIT.done;
    },
  };
}

/** Verbs by what completes their words. */
function verbsTaking(verbs: readonly Verb[], operands: readonly Operand[]): readonly string[] {
  return verbs.filter((verb) => operands.includes(verb.operand)).flatMap((verb) => [verb.name, ...verb.aliases]);
}

const UNIT_OPERANDS: readonly Operand[] = ['units', 'units-optional', 'unit-optional', 'patterns', 'verb-and-units'];
/** How scripts get names: first word of each line. */
const LIST_UNITS = 'list-units --all --plain --no-legend';
const LIST_FILES = 'list-unit-files --no-legend';

export function renderCompletion(shell: Shell, verbs: readonly Verb[]): string {
  switch (shell) {
    case 'bash': return bash(verbs);
    case 'zsh': return zsh(verbs);
    case 'fish': return fish(verbs);
  }
}

function optionWords(): readonly string[] {
  return (Object.keys(OPTIONS) as OptionName[]).filter((name) => name.length > 1).map((name) => `--${name}${optionRow(name).value === undefined ? '' : '='}`);
}

function bash(verbs: readonly Verb[]): string {
  const names = verbs.flatMap((verb) => [verb.name, ...verb.aliases]).join(' ');
  return `# Completion of initctl for bash. Load it with: source <(initctl completion bash)
_initctl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} verb= mode= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      --user|--system) mode=$word ;;
      -*) ;;
      *) verb=$word; break ;;
    esac
  done
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W '${optionWords().join(' ')}' -- "$cur"))
    [[ \${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return
  fi
  case $verb in
    '') COMPREPLY=($(compgen -W '${names}' -- "$cur")) ;;
    ${verbsTaking(verbs, UNIT_OPERANDS).join('|')})
      COMPREPLY=($(compgen -W "$(initctl $mode ${LIST_UNITS} 2>/dev/null | while read -r name _; do printf '%s\\n' "$name"; done)" -- "$cur")) ;;
    ${verbsTaking(verbs, ['unit-files']).join('|') || '@none'})
      COMPREPLY=($(compgen -W "$(initctl $mode ${LIST_FILES} 2>/dev/null | while read -r name _; do printf '%s\\n' "$name"; done)" -- "$cur")) ;;
    ${verbsTaking(verbs, ['jobs']).join('|')})
      COMPREPLY=($(compgen -W "$(initctl $mode list-jobs --no-legend 2>/dev/null | while read -r job _; do printf '%s\\n' "$job"; done)" -- "$cur")) ;;
    completion) COMPREPLY=($(compgen -W '${SHELLS.join(' ')}' -- "$cur")) ;;
    help) COMPREPLY=($(compgen -W '${names}' -- "$cur")) ;;
  esac
}
complete -F _initctl initctl
`;
}

function zsh(verbs: readonly Verb[]): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  const rows = verbs.flatMap((verb) => [verb.name, ...verb.aliases].map((name) => `    '${name}:${quote(verb.summary)}'`));
  const options = (Object.keys(OPTIONS) as OptionName[]).filter((name) => name.length > 1)
    .map((name) => `    '--${name}${optionRow(name).value === undefined ? '' : '='}:${quote(optionRow(name).summary)}'`);
  return `#compdef initctl
# Completion of initctl for zsh. Load it with: source <(initctl completion zsh)
_initctl() {
  local -a verbs options names
  local verb= mode= word
  verbs=(
${rows.join('\n')}
  )
  options=(
${options.join('\n')}
  )
  for word in \${words[2,CURRENT-1]}; do
    case $word in
      --user|--system) mode=$word ;;
      -*) ;;
      *) verb=$word; break ;;
    esac
  done
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
    return
  fi
  case $verb in
    '') _describe verb verbs ;;
    ${verbsTaking(verbs, UNIT_OPERANDS).join('|')})
      names=(\${\${(f)"$(initctl $mode ${LIST_UNITS} 2>/dev/null)"}%% *})
      _describe unit names ;;
    ${verbsTaking(verbs, ['unit-files']).join('|') || '@none'})
      names=(\${\${(f)"$(initctl $mode ${LIST_FILES} 2>/dev/null)"}%% *})
      _describe 'unit file' names ;;
    ${verbsTaking(verbs, ['jobs']).join('|')})
      names=(\${\${\${(f)"$(initctl $mode list-jobs --no-legend 2>/dev/null)"}## #}%% *})
      _describe job names ;;
    completion) _values shell ${SHELLS.join(' ')} ;;
    help) _describe verb verbs ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _initctl "$@"; else compdef _initctl initctl; fi
`;
}

function fish(verbs: readonly Verb[]): string {
  const quote = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const taking = (operands: readonly Operand[]): string => verbsTaking(verbs, operands).join(' ');
  const lines = [
    '# Completion of initctl for fish. Load it with: initctl completion fish | source',
    'complete -c initctl -f',
    ...verbs.flatMap((verb) => [verb.name, ...verb.aliases].map((name) => `complete -c initctl -n __fish_use_subcommand -a ${name} -d '${quote(verb.summary)}'`)),
    ...(Object.keys(OPTIONS) as OptionName[]).filter((name) => name.length > 1).map((name) => {
      const row = optionRow(name);
      return `complete -c initctl -l ${name}${row.short === undefined ? '' : ` -s ${row.short}`}${row.value === undefined ? '' : ' -r'} -d '${quote(row.summary)}'`;
    }),
    `complete -c initctl -n '__fish_seen_subcommand_from ${taking(UNIT_OPERANDS)}' -a "(initctl ${LIST_UNITS} 2>/dev/null | string replace -r ' .*' '')"`,
    `complete -c initctl -n '__fish_seen_subcommand_from ${taking(['jobs'])}' -a "(initctl list-jobs --no-legend 2>/dev/null | string trim | string replace -r ' .*' '')"`,
    ...(taking(['unit-files']) === '' ? [] : [`complete -c initctl -n '__fish_seen_subcommand_from ${taking(['unit-files'])}' -a "(initctl ${LIST_FILES} 2>/dev/null | string replace -r ' .*' '')"`]),
    `complete -c initctl -n '__fish_seen_subcommand_from completion' -a '${SHELLS.join(' ')}'`,
    `complete -c initctl -n '__fish_seen_subcommand_from help' -a '${verbs.map((verb) => verb.name).join(' ')}'`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Settings of systemd.unit(5), systemd.service(5), systemd.socket(5), systemd.timer(5) and systemd.scope(5) that are recorded. */
import { ok, problem } from '../../../base/result.ts';
import { EXIT_ON_WORDS } from '../../unit/exit-on.ts';
import { oneOf } from '../setting-reader.ts';
import { parseUnsigned } from '../value/number.ts';
import { expanded, scalar, type RecorderRow, type ShownValue } from './recorder.ts';
import { FLAG, PATH_OR_NONE, SPAN, TEXT } from './shown-values.ts';

/** What a manager can end with. */
const EXIT_STATUS_MAX = 255;

const EXIT_STATUS: ShownValue = (text) => {
  const status = parseUnsigned(text, EXIT_STATUS_MAX);
  return status.ok ? ok(String(status.value)) : problem(`'${text.slice(0, 60)}' is not within 0 to ${String(EXIT_STATUS_MAX)}`);
};

/** What reboot(2) is told; the firmware reads it as bytes. */
const REBOOT_ARGUMENT: ShownValue = expanded((text) => (/^[\t\x20-\x7e]*$/.test(text) ? ok(text) : problem('a reboot argument is made of plain ASCII')));

/** ExitOn=: words and exit statuses, each once, in the order they are written; `always` is both words. */
const EXIT_ON: ShownValue = (text, reader) => {
  const words: string[] = [];
  for (const word of text.split(/[ \t]+/).filter(Boolean)) {
    const status = EXIT_STATUS(word, reader);
    if (word === 'always') words.push(...EXIT_ON_WORDS);
    else if ((EXIT_ON_WORDS as readonly string[]).includes(word)) words.push(word);
    else if (status.ok) words.push(status.value);
    else return problem(`'${word.slice(0, 60)}' is neither success, failure or always nor an exit status`);
  }
  return ok([...new Set(words)].join(' '));
};

export const UNIT_RECORDERS: readonly RecorderRow[] = [
  scalar('SourcePath', 'SourcePath', PATH_OR_NONE),
  scalar('RebootArgument', 'RebootArgument', REBOOT_ARGUMENT),
  scalar('JobTimeoutRebootArgument', 'JobTimeoutRebootArgument', REBOOT_ARGUMENT),
  scalar('SuccessActionExitStatus', 'SuccessActionExitStatus', EXIT_STATUS),
  scalar('FailureActionExitStatus', 'FailureActionExitStatus', EXIT_STATUS),
  scalar('ExitOn', 'ExitOn', EXIT_ON),
  scalar('CollectMode', 'CollectMode', oneOf('inactive', 'inactive-or-failed'), 'is-bad'),
  scalar('SurviveFinalKillSignal', 'SurviveFinalKillSignal', FLAG, 'is-bad'),
];

export const SERVICE_RECORDERS: readonly RecorderRow[] = [
  scalar('ExitType', 'ExitType', oneOf('main', 'cgroup'), 'is-bad'),
  scalar('PermissionsStartOnly', 'PermissionsStartOnly', FLAG, 'is-bad'),
  scalar('RootDirectoryStartOnly', 'RootDirectoryStartOnly', FLAG, 'is-bad'),
  scalar('RuntimeRandomizedExtraSec', 'RuntimeRandomizedExtraUSec', SPAN, 'is-bad'),
  scalar('RestartMode', 'RestartMode', oneOf('normal', 'direct', 'debug'), 'is-bad'),
  scalar('USBFunctionDescriptors', 'USBFunctionDescriptors', PATH_OR_NONE),
  scalar('USBFunctionStrings', 'USBFunctionStrings', PATH_OR_NONE),
];

export const SOCKET_RECORDERS: readonly RecorderRow[] = [
  scalar('SmackLabel', 'SmackLabel', TEXT),
  scalar('SmackLabelIPIn', 'SmackLabelIPIn', TEXT),
  scalar('SmackLabelIPOut', 'SmackLabelIPOut', TEXT),
  scalar('SELinuxContextFromNet', 'SELinuxContextFromNet', FLAG, 'is-bad'),
];

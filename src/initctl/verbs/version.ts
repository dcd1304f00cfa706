import { EXIT } from '../exit-status.ts';
import { hasOption } from '../options.ts';
import { complain, print, printJson, request, type Invocation, type Verb } from '../verb.ts';

/** Set when the program is built. */
declare const HEARTWOOD_VERSION: string | undefined;
const OWN_VERSION = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : '(not built)';

/** The release of systemd whose interfaces are kept to. */
const SYSTEMD_VERSION = 252;
/** What it was built with, in the words of `systemctl --version`. */
const FEATURES = '-PAM -AUDIT -SELINUX -APPARMOR +SECCOMP -BPF_FRAMEWORK +SYSVINIT default-hierarchy=unified';

/** Scripts look for a number behind `systemd` in the first line of `systemctl --version`, and for a second line. */
function versionText({ program }: Invocation, number: string): string {
  return program === 'systemctl' ? `systemd ${String(SYSTEMD_VERSION)} (heartwood ${number})\n${FEATURES}` : `heartwood ${number}`;
}

export const version: Verb = {
  name: 'version',
  aliases: [],
  group: 'Tools',
  synopsis: '',
  summary: 'Print the version of the manager, or of this program when no manager answers',
  operand: 'none',
  options: ['json'],
  runs: 'manager',
  *run(call) {
    const reply = yield* request('manager', {});
    if (!reply.ok) {
      if (hasOption(call.options, 'json')) yield* printJson({ version: OWN_VERSION, mode: null, pid: null });
      else yield* print(versionText(call, OWN_VERSION));
      yield* complain(`${call.program}: ${reply.failure.message}`);
      return EXIT.done;
    }
    const { version: number, mode, pid } = reply.value;
    if (hasOption(call.options, 'json')) yield* printJson({ version: number, mode, pid });
    else yield* print(versionText(call, number));
    return EXIT.done;
  },
};

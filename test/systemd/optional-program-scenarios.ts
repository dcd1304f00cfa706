/** Commands with `-` whose program is missing, in each place a command may stand. */
import type { Scenario } from './scenario.ts';

const TYPES = ['simple', 'exec', 'oneshot', 'forking', 'notify', 'idle'];
const RECORD = 'Result,ActiveState,SubState,ExecMainCode,ExecMainStatus,UID,GID,NRestarts';

export const OPTIONAL_PROGRAM_SCENARIOS: readonly Scenario[] = [
  {
    name: 'optional-program',
    units: {
      ...Object.fromEntries(TYPES.map((type) => [`~-${type}.service`, `[Service]\nType=${type}\nExecStart=-/no/such\n`])),
      '~-noexec.service': '[Service]\nType=oneshot\nExecStart=-/etc/passwd\nExecStart=/c/say ~ noexec\n',
      '~-format.service': '[Service]\nType=oneshot\nExecStart=-/c/empty-format\nExecStart=/c/say ~ format $EXIT_STATUS\nExecStopPost=/c/say ~ post $EXIT_CODE $EXIT_STATUS\n',
      '~-user.service': '[Service]\nType=oneshot\nUser=nosuchuser\nExecStart=-/c/say ~ user\nExecStopPost=-/c/say ~ post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-directory.service': '[Service]\nType=exec\nWorkingDirectory=/nowhere\nExecStart=-/c/daemon ~\n',
      '~-runs-as.service': '[Service]\nUser=daemon\nExecStart=/c/daemon ~\n',
      '~-runs-in.service': '[Service]\nGroup=1\nExecStart=/c/daemon ~\n',
      '~-pre.service': '[Service]\nExecStartPre=-/no/such\nExecStart=/c/daemon ~\nExecStartPost=-/no/such\nExecStop=-/no/such\nExecStopPost=-/no/such\nExecReload=-/no/such\n',
      '~-condition.service': '[Service]\nExecCondition=-/no/such\nExecStart=/c/daemon ~\n',
      '~-restart.service': '[Unit]\nStartLimitBurst=3\n[Service]\nRestart=always\nRestartSec=10ms\nExecStart=-/no/such\nExecStopPost=/c/say ~ restart $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-on-success.service': '[Unit]\nStartLimitBurst=3\n[Service]\nRestart=on-failure\nRestartSec=10ms\nExecStart=-/no/such\nExecStopPost=/c/say ~ on-success $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
    },
    files: { '/c/empty-format': '\u0001\u0002\n' },
    steps: [
      ...TYPES.flatMap((type) => [`start ~-${type}.service`, 'sleep 200', `show ~-${type}.service ${RECORD}`]),
      ...['noexec', 'format', 'user', 'directory'].flatMap((part) => [`start ~-${part}.service`, 'sleep 100', `show ~-${part}.service ${RECORD}`]),
      ...['runs-as', 'runs-in'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service UID,GID`, `stop ~-${part}.service`, `show ~-${part}.service UID,GID`]),
      'start ~-pre.service', 'sleep 100', `show ~-pre.service ${RECORD}`, 'reload ~-pre.service', `show ~-pre.service ${RECORD}`, 'stop ~-pre.service', `show ~-pre.service ${RECORD}`,
      'start ~-condition.service', 'sleep 100', `show ~-condition.service ${RECORD},ConditionResult`, 'stop ~-condition.service',
      'start ~-restart.service', 'until ~-restart.service failed', `show ~-restart.service ${RECORD}`,
      'start ~-on-success.service', 'sleep 200', `show ~-on-success.service ${RECORD}`,
    ],
  },
];

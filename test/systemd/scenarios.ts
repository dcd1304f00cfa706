/** The scenarios of `compare.ts`, by the page of systemd's manual they are about. */
import type { Scenario } from './scenario.ts';
import { CONDITION_SCENARIOS } from './condition-scenarios.ts';
import { GROUP_ACCESS_SCENARIOS } from './group-access-scenarios.ts';
import { OPTIONAL_PROGRAM_SCENARIOS } from './optional-program-scenarios.ts';
import { SOCKET_SCENARIOS } from './socket-scenarios.ts';

/** Services that end in each way a process can, under each Restart=; one scenario has a unit for every pair. */
const ENDINGS: Readonly<Record<string, string>> = {
  zero: 'exit 0',
  one: 'exit 1',
  term: 'kill -TERM $$$$; sleep 5',
  kill: 'kill -KILL $$$$; sleep 5',
  segv: 'ulimit -c 0; kill -SEGV $$$$; sleep 5',
};

function restartScenario(policy: string): Scenario {
  const units = Object.fromEntries(Object.entries(ENDINGS).map(([ending, script]) => [
    `~-${ending}.service`,
    `[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=60\n[Service]\nRestart=${policy}\nRestartSec=10ms\nExecStart=/bin/sh -c 'echo ${ending} >> /t/~-${ending}; ${script}'\n`,
  ]));
  const names = Object.keys(ENDINGS).map((ending) => `~-${ending}.service`);
  return {
    name: `restart-${policy}`,
    units: {
      ...units,
      '~-watchdog.service': `[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=60\n[Service]\nType=notify\nRestart=${policy}\nRestartSec=10ms\nWatchdogSec=300ms\nTimeoutStopSec=1\nLimitCORE=0\nExecStart=/c/notify READY=1\n`,
      '~-start-timeout.service': `[Unit]\nStartLimitBurst=2\nStartLimitIntervalSec=60\n[Service]\nType=notify\nRestart=${policy}\nRestartSec=10ms\nTimeoutStartSec=300ms\nExecStart=/c/notify sleep=99\n`,
    },
    steps: [
      ...names.map((name) => `start ${name}`), 'start ~-watchdog.service', 'start ~-start-timeout.service', 'sleep 3000',
      ...names.map((name) => `show ${name}`), 'show ~-watchdog.service', 'show ~-start-timeout.service',
      ...Object.keys(ENDINGS).map((ending) => `sh cat /t/~-${ending} | wc -l`),
    ],
  };
}

const SERVICE_TYPES: readonly Scenario[] = [
  {
    name: 'simple',
    differs: [
      { line: /^start simple-(missing|user)/, why: 'a start whose program cannot be executed has failed, whatever the type' },
      { line: /^(is-active|reset-failed) simple-nosuchunit/, why: 'no such unit is told apart from a unit that is down' },
    ],
    units: { '~.service': '[Service]\nExecStart=/c/daemon ~\n', '~-missing.service': '[Service]\nExecStart=/nowhere/program\n', '~-user.service': '[Service]\nUser=nosuchuser\nExecStart=/c/daemon ~\n' },
    steps: [
      'start ~.service', 'sleep 200', 'show ~.service', 'is-active ~.service', 'reload ~.service', 'restart ~.service', 'sleep 300', 'stop ~.service', 'show ~.service', 'is-active ~.service', 'is-failed ~.service',
      'start ~-missing.service', 'sleep 200', 'show ~-missing.service', 'is-failed ~-missing.service', 'reset-failed ~-missing.service', 'show ~-missing.service',
      'start ~-user.service', 'sleep 200', 'show ~-user.service', 'start ~-nosuchunit.service', 'stop ~-nosuchunit.service', 'restart ~-nosuchunit.service', 'is-active ~-nosuchunit.service', 'reset-failed ~-nosuchunit.service',
    ],
  },
  {
    name: 'exec',
    units: {
      '~.service': '[Service]\nType=exec\nExecStart=/c/daemon ~\n', '~-missing.service': '[Service]\nType=exec\nExecStart=/nowhere/program\n',
      '~-user.service': '[Service]\nType=exec\nUser=nosuchuser\nExecStart=/c/daemon ~\n', '~-group.service': '[Service]\nType=exec\nGroup=nosuchgroup\nExecStart=/c/daemon ~\n',
      '~-directory.service': '[Service]\nType=exec\nWorkingDirectory=/nowhere\nExecStart=/c/daemon ~\n', '~-optional.service': '[Service]\nType=exec\nWorkingDirectory=-/nowhere\nExecStart=/bin/sh -c \'pwd >> /t/~; exec sleep 99\'\n',
      '~-input.service': '[Service]\nType=exec\nStandardInput=file:/nowhere\nExecStart=/c/daemon ~\n', '~-env.service': '[Service]\nType=exec\nEnvironmentFile=/nowhere\nExecStart=/c/daemon ~\n',
      '~-noexec.service': '[Service]\nType=exec\nExecStart=/etc/passwd\n',
    },
    steps: ['', '-missing', '-user', '-group', '-directory', '-optional', '-input', '-env', '-noexec'].flatMap((part) => [`start ~${part}.service`, `show ~${part}.service`, `stop ~${part}.service`]),
  },
  {
    name: 'forking',
    units: {
      '~.service': '[Service]\nType=forking\nExecStart=/bin/sh -c \'/c/hold ~ daemon & exit 0\'\n',
      '~-pidfile.service': '[Service]\nType=forking\nPIDFile=/run/~.pid\nExecStart=/bin/sh -c \'/c/hold ~ helper & /c/hold ~ daemon & echo $$! > /run/~.pid; exit 0\'\n',
      '~-late.service': '[Service]\nType=forking\nPIDFile=/run/~-late.pid\nExecStart=/bin/sh -c \'(sleep 0.5; echo $$$$ > /run/~-late.pid; exec /c/hold ~ late) & exit 0\'\n',
      '~-none.service': '[Service]\nType=forking\nPIDFile=/run/~-none.pid\nTimeoutStartSec=1\nExecStart=/bin/sh -c \'/c/hold ~ none & exit 0\'\n',
      '~-fails.service': '[Service]\nType=forking\nExecStart=/bin/sh -c \'/c/hold ~ fails & exit 3\'\n',
      '~-nothing.service': '[Service]\nType=forking\nExecStart=/bin/true\n',
      '~-dies.service': '[Service]\nType=forking\nRestart=on-failure\nRestartSec=50ms\nExecStart=/bin/sh -c \'/c/hold ~ dies & exit 0\'\n',
    },
    steps: [
      'start ~.service', 'show ~.service', 'show ~.service GuessMainPID', 'living', 'stop ~.service', 'show ~.service', 'living',
      'start ~-pidfile.service', 'show ~-pidfile.service', 'signal ~-pidfile.service KILL', 'until ~-pidfile.service failed', 'show ~-pidfile.service', 'living', 'exists /run/~.pid',
      'start ~-none.service', 'show ~-none.service', 'living', 'start ~-late.service', 'show ~-late.service', 'living', 'stop ~-late.service', 'show ~-late.service',
      'start ~-fails.service', 'show ~-fails.service', 'living', 'start ~-nothing.service', 'show ~-nothing.service',
      'start ~-dies.service', 'signal ~-dies.service KILL', 'until ~-dies.service NRestarts=1', 'until ~-dies.service running', 'show ~-dies.service', 'stop ~-dies.service', 'show ~-dies.service', 'living',
    ],
  },
  {
    name: 'oneshot',
    units: {
      '~.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ one\nExecStart=/c/say ~ two\nExecStart=/c/say ~ three\n',
      '~-fails.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ one\nExecStart=/bin/sh -c \'exit 7\'\nExecStart=/c/say ~ never\nExecStopPost=/c/say ~ stop-post\n',
      '~-ignores.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ one\nExecStart=-/bin/sh -c \'exit 7\'\nExecStart=/c/say ~ two\n',
      '~-remains.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/c/say ~ up\nExecStop=/c/say ~ down\nExecReload=/c/say ~ again\n',
      '~-empty.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStop=/c/say ~ only-stop\n',
      '~-slow.service': '[Service]\nType=oneshot\nTimeoutStartSec=300ms\nExecStart=/c/hold ~ slow\n',
      '~-left.service': '[Service]\nType=oneshot\nExecStart=/bin/sh -c \'/c/hold ~ left & exit 0\'\n',
      '~-remains-left.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c \'/c/hold ~ remains-left & exit 0\'\n',
    },
    steps: [
      'start ~.service', 'show ~.service', 'start ~-fails.service', 'show ~-fails.service', 'start ~-ignores.service', 'show ~-ignores.service',
      'start ~-remains.service', 'show ~-remains.service', 'start ~-remains.service', 'reload ~-remains.service', 'restart ~-remains.service', 'stop ~-remains.service', 'show ~-remains.service',
      'start ~-empty.service', 'show ~-empty.service', 'stop ~-empty.service', 'start ~-slow.service', 'show ~-slow.service', 'living',
      'start ~-left.service', 'show ~-left.service', 'living', 'start ~-remains-left.service', 'show ~-remains-left.service', 'living', 'stop ~-remains-left.service', 'living',
    ],
  },
  {
    name: 'notify',
    differs: [
      { line: /reloading.service: SubState/, why: 'the sub-state has its own name since systemd 253' },
      { line: /mainpid.service: ExecMain(Code|Status)/, why: 'the end of a main process named by MAINPID= is recorded too' },
    ],
    units: {
      '~.service': '[Service]\nType=notify\nExecStart=/c/notify sleep=0.3 READY=1;STATUS=doing-fine sleep=99\n',
      '~-dies.service': '[Service]\nType=notify\nExecStart=/c/notify exit=4\nExecStopPost=/c/say ~ dies $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-zero.service': '[Service]\nType=notify\nExecStart=/c/notify exit=0\nExecStopPost=/c/say ~ zero $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-ready-zero.service': '[Service]\nType=notify\nExecStart=/c/notify READY=1 sleep=0.2 exit=0\n',
      '~-slow.service': '[Service]\nType=notify\nTimeoutStartSec=400ms\nExecStart=/c/notify sleep=99\nExecStopPost=/c/say ~ slow $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-extends.service': '[Service]\nType=notify\nTimeoutStartSec=600ms\nExecStart=/c/notify EXTEND_TIMEOUT_USEC=2000000 sleep=1 READY=1\n',
      '~-stopping.service': '[Service]\nType=notify\nTimeoutStopSec=600ms\nExecStart=/c/notify READY=1 sleep=0.3 STOPPING=1 sleep=99\n',
      '~-reloading.service': '[Service]\nType=notify\nExecStart=/c/notify READY=1 sleep=0.3 RELOADING=1 sleep=1 READY=1\n',
      '~-errno.service': '[Service]\nType=notify\nExecStart=/c/notify ERRNO=5;STATUS=broken exit=1\n',
      '~-child.service': '[Service]\nType=notify\nTimeoutStartSec=700ms\nExecStart=/bin/sh -c \'/c/notify READY=1 & exec sleep 99\'\n',
      '~-all.service': '[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=700ms\nExecStart=/bin/sh -c \'/c/notify READY=1 & exec sleep 99\'\n',
      '~-mainpid.service': '[Service]\nType=notify\nNotifyAccess=all\nExecStart=/bin/sh -c \'/c/hold ~ mainpid & /c/notify "MAINPID=$$!;READY=1" exit=0\'\n',
      '~-trigger.service': '[Service]\nType=notify\nLimitCORE=0\nTimeoutAbortSec=1\nExecStart=/c/notify READY=1 sleep=0.2 WATCHDOG=trigger\n',
    },
    steps: [
      'start ~.service', 'show ~.service', 'show ~.service StatusText,NotifyAccess', 'stop ~.service', 'show ~.service', 'show ~.service StatusText',
      ...['dies', 'zero', 'ready-zero', 'slow', 'extends'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service`]),
      'sleep 300', 'show ~-ready-zero.service', 'start ~-stopping.service', 'until ~-stopping.service stop-sigterm', 'show ~-stopping.service', 'until ~-stopping.service dead', 'show ~-stopping.service',
      'start ~-reloading.service', 'until ~-reloading.service reloading', 'show ~-reloading.service', 'until ~-reloading.service active', 'show ~-reloading.service', 'start ~-errno.service', 'show ~-errno.service', 'show ~-errno.service StatusErrno,StatusText',
      'start ~-child.service', 'show ~-child.service', 'start ~-all.service', 'show ~-all.service', 'start ~-mainpid.service', 'show ~-mainpid.service', 'living', 'stop ~-mainpid.service', 'show ~-mainpid.service', 'living',
      'start ~-trigger.service', 'until ~-trigger.service failed', 'show ~-trigger.service',
    ],
  },
];

const COMMANDS: readonly Scenario[] = [
  {
    name: 'command-order',
    units: {
      '~.service': '[Service]\nExecCondition=/c/say ~ condition\nExecStartPre=/c/say ~ pre1\nExecStartPre=/c/say ~ pre2\nExecStart=/c/daemon ~\nExecStartPost=/bin/sh -c "sleep 0.3; /c/say ~ post"\nExecStartPost=/c/say ~ vanished $MAINPID-set\nExecReload=/c/say ~ reload1\nExecReload=/c/say ~ reload2\nExecStop=/c/say ~ stop1 \nExecStop=/c/say ~ stop2\nExecStopPost=/c/say ~ stop-post1\nExecStopPost=/c/say ~ stop-post2 $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
    },
    steps: ['start ~.service', 'show ~.service', 'reload ~.service', 'restart ~.service', 'sleep 300', 'stop ~.service', 'show ~.service'],
  },
  {
    name: 'command-failures',
    units: {
      '~-pre.service': '[Service]\nExecStartPre=/bin/sh -c \'exit 3\'\nExecStartPre=/c/say ~ pre-never\nExecStart=/c/say ~ pre-main-never\nExecStop=/c/say ~ pre-stop\nExecStopPost=/c/say ~ pre-stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-ignored.service': '[Service]\nExecStartPre=-/bin/sh -c \'exit 3\'\nExecStartPre=-/nowhere/program\nExecStart=/c/hold ~ ignored\nExecStartPost=-/bin/false\nExecReload=-/bin/false\nExecStop=-/bin/false\nExecStopPost=-/bin/false\n',
      '~-post.service': '[Service]\nExecStart=/c/hold ~ post\nExecStartPost=/bin/false\nExecStartPost=/c/say ~ post-never\nExecStop=/c/say ~ post-stop\nExecStopPost=/c/say ~ post-stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-reload.service': '[Service]\nExecStart=/c/hold ~ reload\nExecReload=/bin/sh -c \'exit 5\'\nExecReload=/c/say ~ reload-never\n',
      '~-stop.service': '[Service]\nExecStart=/c/hold ~ stop\nExecStop=/bin/sh -c \'exit 6\'\nExecStop=/c/say ~ stop-never\nExecStopPost=/c/say ~ stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-stop-post.service': '[Service]\nExecStart=/c/hold ~ stop-post\nExecStopPost=/bin/sh -c \'exit 6\'\nExecStopPost=/c/say ~ stop-post-never\n',
      '~-main.service': '[Service]\nExecStart=-/bin/sh -c \'sleep 0.2; exit 9\'\nExecStopPost=/c/say ~ main $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-signal.service': '[Service]\nExecStartPre=/bin/sh -c \'kill -KILL $$$$\'\nExecStart=/c/hold ~ signal\nExecStopPost=/c/say ~ signal $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-stop-kills.service': '[Service]\nExecStart=/c/hold ~ stop-kills\nExecStop=/bin/kill -KILL $MAINPID\nExecStopPost=/c/say ~ stop-kills $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-stop-slow.service': '[Service]\nTimeoutStopSec=300ms\nExecStart=/c/hold ~ stop-slow\nExecStop=/c/hold ~ stop-slow-command\nExecStopPost=/c/say ~ stop-slow $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-reload-slow.service': '[Service]\nTimeoutStartSec=400ms\nExecStart=/c/hold ~ reload-slow\nExecReload=/c/hold ~ reload-slow-command\n',
      '~-post-slow.service': '[Service]\nTimeoutStartSec=400ms\nExecStart=/c/hold ~ post-slow\nExecStartPost=/c/hold ~ post-slow-command\n',
      '~-pre-left.service': '[Service]\nExecStartPre=/bin/sh -c \'/c/hold ~ pre-left & exit 0\'\nExecStart=/c/hold ~ pre-left-main\n',
    },
    steps: [
      'start ~-pre.service', 'show ~-pre.service', 'start ~-ignored.service', 'show ~-ignored.service', 'reload ~-ignored.service', 'show ~-ignored.service', 'stop ~-ignored.service', 'show ~-ignored.service',
      'start ~-post.service', 'show ~-post.service', 'living', 'start ~-reload.service', 'reload ~-reload.service', 'show ~-reload.service', 'living', 'stop ~-reload.service', 'show ~-reload.service',
      'start ~-stop.service', 'stop ~-stop.service', 'show ~-stop.service', 'start ~-stop-post.service', 'stop ~-stop-post.service', 'show ~-stop-post.service',
      'start ~-main.service', 'until ~-main.service inactive', 'show ~-main.service', 'start ~-signal.service', 'show ~-signal.service', 'start ~-stop-kills.service', 'stop ~-stop-kills.service', 'show ~-stop-kills.service',
      'start ~-stop-slow.service', 'stop ~-stop-slow.service', 'show ~-stop-slow.service', 'living', 'start ~-reload-slow.service', 'reload ~-reload-slow.service', 'show ~-reload-slow.service', 'living', 'stop ~-reload-slow.service',
      'start ~-post-slow.service', 'show ~-post-slow.service', 'living', 'start ~-pre-left.service', 'sleep 200', 'living', 'stop ~-pre-left.service', 'living',
    ],
  },
  {
    name: 'prefixes',
    differs: [
      { line: /^start prefixes-bad2?.service: exit/, why: 'a unit file that cannot be used is "not configured" in the LSB table' },
    ],
    units: {
      '~.service': [
        '[Service]', 'Type=oneshot', 'User=daemon', 'Environment=X=one', 'WorkingDirectory=/tmp',
        "ExecStart=/bin/sh -c 'id -un >> /t/~-ids'", "ExecStart=+/bin/sh -c 'id -un >> /t/~-ids'", "ExecStart=!/bin/sh -c 'id -un >> /t/~-ids'", "ExecStart=!!/bin/sh -c 'id -un >> /t/~-ids'",
        "ExecStart=@/bin/sh other-name -c 'echo $0 >> /t/~-ids'", 'ExecStart=:+/c/say ~ $X ${X} $$', 'ExecStart=+/c/say ~ $X ${X} $$', 'ExecStart=-+/bin/false', 'ExecStart=+-@/bin/false x', 'ExecStart=+:-/c/say ~ ${X}', '',
      ].join('\n'),
      '~-bad.service': '[Service]\nType=oneshot\nExecStart=+!/c/say ~ both\n',
      '~-bad2.service': '[Service]\nType=oneshot\nExecStart=--/c/say ~ twice\n',
    },
    steps: ['sh touch /t/~-ids; chmod 666 /t/~-ids', 'start ~.service', 'show ~.service', 'sh cat /t/~-ids', 'start ~-bad.service', 'show ~-bad.service', 'start ~-bad2.service', 'show ~-bad2.service'],
  },
  {
    name: 'exec-condition',
    units: {
      '~-no.service': '[Service]\nExecCondition=/bin/false\nExecStartPre=/c/say ~ no-pre\nExecStart=/c/hold ~ no\nExecStopPost=/c/say ~ no-stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\nRestart=always\n',
      '~-254.service': "[Service]\nExecCondition=/bin/sh -c 'exit 254'\nExecStart=/c/hold ~ 254\n",
      '~-255.service': "[Service]\nExecCondition=/bin/sh -c 'exit 255'\nExecStart=/c/hold ~ 255\nExecStopPost=/c/say ~ 255 $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n",
      '~-signal.service': "[Service]\nExecCondition=/bin/sh -c 'kill -9 $$$$'\nExecStart=/c/hold ~ signal\n",
      '~-ignored.service': '[Service]\nExecCondition=-/bin/false\nExecStart=/c/hold ~ ignored\n',
      '~-wants.service': '[Unit]\nRequires=~-no.service\nAfter=~-no.service\n[Service]\nExecStart=/c/hold ~ wants\n',
    },
    steps: [...['no', '254', '255', 'signal', 'ignored', 'wants'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service`]), 'living', 'stop ~-ignored.service ~-wants.service'],
  },
  {
    name: 'timeouts',
    units: {
      '~-stop.service': '[Service]\nTimeoutStopSec=300ms\nExecStart=/c/hold ~ stop deaf\nExecStopPost=/c/say ~ stop $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-abort.service': '[Service]\nTimeoutStopSec=300ms\nTimeoutStopFailureMode=abort\nTimeoutAbortSec=300ms\nLimitCORE=0\nExecStart=/c/hold ~ abort deaf\n',
      '~-kill.service': '[Service]\nTimeoutStopSec=300ms\nTimeoutStopFailureMode=kill\nExecStart=/c/hold ~ kill deaf\n',
      '~-pre.service': '[Service]\nTimeoutStartSec=300ms\nExecStartPre=/c/hold ~ pre\nExecStart=/c/hold ~ pre-main\nExecStopPost=/c/say ~ pre $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-nokill.service': '[Service]\nTimeoutStopSec=300ms\nSendSIGKILL=no\nExecStart=/c/hold ~ nokill deaf\n',
      '~-runtime.service': '[Service]\nRuntimeMaxSec=400ms\nExecStart=/c/hold ~ runtime\n',
      '~-job.service': '[Unit]\nJobTimeoutSec=400ms\n[Service]\nType=notify\nTimeoutStartSec=10\nExecStart=/c/notify sleep=99\n',
      '~-final.service': '[Service]\nKillSignal=SIGHUP\nFinalKillSignal=SIGINT\nTimeoutStopSec=300ms\nExecStart=/bin/bash -c \'trap "" HUP; exec -a "hold ~ final" sleep 999\'\n',
    },
    steps: [
      ...['stop', 'abort', 'kill'].flatMap((part) => [`start ~-${part}.service`, 'sleep 150', `stop ~-${part}.service`, `show ~-${part}.service`]), 'start ~-pre.service', 'show ~-pre.service', 'living',
      'start ~-nokill.service', 'sleep 150', 'stop ~-nokill.service', 'show ~-nokill.service', 'living', 'start ~-runtime.service', 'until ~-runtime.service failed', 'show ~-runtime.service',
      'start ~-job.service', 'show ~-job.service', 'stop ~-job.service', 'start ~-final.service', 'sleep 150', 'stop ~-final.service', 'show ~-final.service',
    ],
  },
];

const RESTARTS: readonly Scenario[] = [
  ...['no', 'on-success', 'on-failure', 'on-abnormal', 'on-abort', 'on-watchdog', 'always'].map(restartScenario),
  {
    name: 'restart-statuses',
    units: {
      '~-prevent.service': "[Service]\nRestart=always\nRestartSec=20ms\nRestartPreventExitStatus=3 SIGKILL\nExecStart=/bin/sh -c 'sleep 0.1; exit 3'\n",
      '~-prevent-signal.service': "[Service]\nRestart=always\nRestartSec=20ms\nRestartPreventExitStatus=3 SIGKILL\nExecStart=/bin/sh -c 'kill -KILL $$$$'\n",
      '~-success.service': "[Service]\nRestart=on-failure\nRestartSec=20ms\nSuccessExitStatus=4 SIGKILL TEMPFAIL\nExecStart=/bin/sh -c 'exit 4'\n",
      '~-success-signal.service': "[Service]\nRestart=on-failure\nSuccessExitStatus=4 SIGKILL TEMPFAIL\nExecStart=/bin/sh -c 'kill -KILL $$$$'\n",
      '~-success-name.service': "[Service]\nRestart=on-failure\nSuccessExitStatus=4 SIGKILL TEMPFAIL\nExecStart=/bin/sh -c 'exit 75'\n",
      '~-force.service': "[Unit]\nStartLimitBurst=3\n[Service]\nRestart=no\nRestartSec=20ms\nRestartForceExitStatus=5\nExecStart=/bin/sh -c 'exit 5'\n",
      '~-oneshot.service': "[Unit]\nStartLimitBurst=3\n[Service]\nType=oneshot\nRestart=on-failure\nRestartSec=20ms\nExecStart=/bin/sh -c 'echo o >> /t/~; exit 1'\n",
      '~-stopped.service': "[Service]\nRestart=always\nExecStart=/c/hold ~ stopped\n",
      '~-waits.service': "[Service]\nRestart=always\nRestartSec=60\nExecStart=/bin/false\n",
    },
    steps: [
      ...['prevent', 'prevent-signal', 'success', 'success-signal', 'success-name', 'force', 'oneshot'].flatMap((part) => [`start ~-${part}.service`]), 'sleep 1500',
      ...['prevent', 'prevent-signal', 'success', 'success-signal', 'success-name', 'force', 'oneshot'].flatMap((part) => [`show ~-${part}.service`]),
      'start ~-stopped.service', 'stop ~-stopped.service', 'show ~-stopped.service', 'start ~-waits.service', 'until ~-waits.service auto-restart', 'show ~-waits.service', 'is-active ~-waits.service', 'stop ~-waits.service', 'show ~-waits.service',
    ],
  },
  {
    name: 'start-limit',
    units: {
      '~.service': '[Unit]\nStartLimitBurst=3\nStartLimitIntervalSec=30\n[Service]\nType=oneshot\nExecStart=/c/say ~ ran\n',
      '~-off.service': '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/c/say ~ off\n',
      '~-default.service': '[Service]\nRestart=always\nRestartSec=0\nExecStart=/bin/sh -c \'echo default >> /t/~\'\n',
    },
    steps: [
      'start ~.service', 'start ~.service', 'start ~.service', 'start ~.service', 'show ~.service', 'start ~.service', 'reset-failed ~.service', 'show ~.service', 'start ~.service', 'show ~.service',
      ...Array.from({ length: 7 }, () => 'start ~-off.service'), 'show ~-off.service', 'start ~-default.service', 'until ~-default.service failed', 'show ~-default.service',
    ],
  },
];

const KILLING: readonly Scenario[] = ['control-group', 'mixed', 'process', 'none'].map((mode) => ({
  name: `kill-${mode}`,
  differs: [
    { line: /^kill -s KILL --kill-who=all/, why: 'nothing to signal is "not running" in the LSB table' },
    ...(mode === 'none' ? [{ line: /^kill-none.service: (ActiveState|SubState|Result)/, why: 'a stop that is to kill nothing succeeds, also after ExecStopPost=' }] : []),
  ],
  units: {
    '~.service': `[Service]\nKillMode=${mode}\nTimeoutStopSec=400ms\nExecStart=/bin/bash -c '/c/hold ~ child & /c/hold ~ deaf-child deaf & setsid /c/hold ~ session & (setsid bash -c "/c/hold ~ daemon deaf & exit 0" &) ; sleep 0.2; exec /c/hold ~ main'\nExecStopPost=/c/say ~ stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n`,
    '~-dies.service': `[Service]\nKillMode=${mode}\nTimeoutStopSec=400ms\nExecStart=/bin/bash -c '/c/hold ~ dies-child & /c/hold ~ dies-deaf deaf & sleep 0.2; exit 1'\n`,
    '~-deaf.service': `[Service]\nKillMode=${mode}\nTimeoutStopSec=400ms\nExecStart=/bin/bash -c '/c/hold ~ deaf-other & exec /c/hold ~ deaf-main deaf'\n`,
  },
  steps: [
    'start ~.service', 'sleep 700', 'living', 'stop ~.service', 'show ~.service', 'living', 'start ~-dies.service', 'until ~-dies.service failed', 'show ~-dies.service', 'living',
    'start ~-deaf.service', 'sleep 300', 'stop ~-deaf.service', 'show ~-deaf.service', 'living', 'start ~-deaf.service', 'sleep 200', 'kill ~-deaf.service', 'sleep 200', 'show ~-deaf.service', 'living',
    'kill -s KILL ~-deaf.service', 'until ~-deaf.service failed', 'show ~-deaf.service', 'kill -s KILL --kill-who=all ~.service', 'living',
  ],
}));

const STAYING: readonly Scenario[] = [
  {
    name: 'remain-after-exit',
    units: {
      '~.service': '[Service]\nRemainAfterExit=yes\nExecStart=/c/say ~ main\nExecStop=/c/say ~ stop\nExecStopPost=/c/say ~ stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-fails.service': '[Service]\nRemainAfterExit=yes\nExecStart=/bin/false\nExecStop=/c/say ~ fails-stop\nExecStopPost=/c/say ~ fails-stop-post $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS\n',
      '~-killed.service': '[Service]\nRemainAfterExit=yes\nExecStart=/c/hold ~ killed\n',
      '~-always.service': '[Unit]\nStartLimitBurst=2\n[Service]\nRemainAfterExit=yes\nRestart=always\nRestartSec=10ms\nExecStart=/c/say ~ always\n',
    },
    steps: [
      'start ~.service', 'until ~.service exited', 'show ~.service', 'start ~.service', 'kill ~.service', 'stop ~.service', 'show ~.service', 'start ~-fails.service', 'until ~-fails.service failed', 'show ~-fails.service',
      'start ~-killed.service', 'sleep 200', 'signal ~-killed.service TERM', 'sleep 300', 'show ~-killed.service', 'start ~-always.service', 'sleep 500', 'show ~-always.service', 'stop ~-killed.service ~-always.service', 'show ~-always.service',
    ],
  },
  {
    name: 'conditions',
    differs: [
      { line: /-(no|none).service: AssertResult/, why: 'assertions are tested together with conditions, and their result is shown' },
    ],
    units: {
      '~-no.service': '[Unit]\nConditionPathExists=/nowhere\n[Service]\nExecStart=/c/hold ~ no\n',
      '~-not.service': '[Unit]\nConditionPathExists=!/nowhere\n[Service]\nExecStart=/c/hold ~ not\n',
      '~-any.service': '[Unit]\nConditionPathExists=|/nowhere\nConditionPathExists=|/etc\nConditionPathIsDirectory=/etc\n[Service]\nExecStart=/c/hold ~ any\n',
      '~-none.service': '[Unit]\nConditionPathExists=|/nowhere\nConditionPathExists=|!/etc\n[Service]\nExecStart=/c/hold ~ none\n',
      '~-assert.service': '[Unit]\nAssertPathExists=/nowhere\n[Service]\nExecStart=/c/hold ~ assert\n',
      '~-assert-any.service': '[Unit]\nAssertPathExists=|/nowhere\nAssertFileNotEmpty=|/etc/passwd\n[Service]\nExecStart=/c/hold ~ assert-any\n',
      '~-reset.service': '[Unit]\nConditionPathExists=/nowhere\nConditionPathExists=\n[Service]\nExecStart=/c/hold ~ reset\n',
      '~-needs-no.service': '[Unit]\nRequires=~-no.service\nAfter=~-no.service\n[Service]\nExecStart=/c/hold ~ needs-no\n',
      '~-needs-assert.service': '[Unit]\nRequires=~-assert.service\nAfter=~-assert.service\n[Service]\nExecStart=/c/hold ~ needs-assert\n',
      '~-binds-no.service': '[Unit]\nBindsTo=~-no.service\nAfter=~-no.service\n[Service]\nExecStart=/c/hold ~ binds-no\n',
    },
    steps: [
      ...['no', 'not', 'any', 'none', 'assert', 'assert-any', 'reset', 'needs-no', 'needs-assert', 'binds-no'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service`]), 'sleep 200', 'show ~-binds-no.service', 'living',
      ...['glob', 'user', 'virt', 'env', 'arch'].map((part) => `sh echo ${part}`), 'is-active ~-no.service', 'is-failed ~-assert.service', 'stop ~-not.service ~-any.service ~-assert-any.service ~-reset.service ~-needs-no.service',
    ],
  },
];

/** A service that says when it starts and stops. */
const said = (name: string, unit: string, service = ''): string => `[Unit]\n${unit}[Service]\nType=exec\n${service}ExecStartPre=/c/say ~ ${name} starts\nExecStart=/c/hold ~ ${name}\nExecStopPost=/c/say ~ ${name} stopped\n`;

const DEPENDENCIES: readonly Scenario[] = [
  {
    name: 'requires',
    units: {
      '~-top.service': said('top', 'Requires=~-low.service\nAfter=~-low.service\n'), '~-low.service': said('low', ''),
      '~-bad-top.service': said('bad-top', 'Requires=~-bad.service\nAfter=~-bad.service\n'), '~-bad.service': '[Service]\nType=exec\nExecStart=/nowhere/program\n',
      '~-wants-bad.service': said('wants-bad', 'Wants=~-bad.service\nAfter=~-bad.service\n'), '~-missing.service': said('missing', 'Requires=~-nosuch.service\n'), '~-wants-missing.service': said('wants-missing', 'Wants=~-nosuch.service\n'),
      '~-binds.service': said('binds', 'BindsTo=~-low.service\nAfter=~-low.service\n'), '~-part.service': said('part', 'PartOf=~-low.service\nAfter=~-low.service\n'),
      '~-requisite.service': said('requisite', 'Requisite=~-low.service\nAfter=~-low.service\n'),
    },
    steps: [
      'start ~-top.service', 'show ~-low.service', 'start ~-part.service', 'restart ~-low.service', 'sleep 500', 'living', 'stop ~-low.service', 'sleep 200', 'living', 'show ~-top.service', 'show ~-part.service',
      'start ~-bad-top.service', 'show ~-bad-top.service', 'start ~-wants-bad.service', 'show ~-wants-bad.service', 'stop ~-wants-bad.service', 'start ~-missing.service', 'show ~-missing.service', 'start ~-wants-missing.service', 'show ~-wants-missing.service', 'stop ~-wants-missing.service',
      'start ~-requisite.service', 'show ~-requisite.service', 'start ~-low.service', 'start ~-requisite.service', 'show ~-requisite.service', 'start ~-binds.service ~-top.service', 'signal ~-low.service KILL', 'until ~-binds.service inactive', 'sleep 200', 'show ~-binds.service', 'show ~-top.service', 'show ~-requisite.service', 'living',
      'stop ~-top.service ~-requisite.service', 'sh sort -o /t/~ /t/~',
    ],
  },
  {
    name: 'conflicts',
    units: {
      '~-a.service': said('a', 'Conflicts=~-b.service\nAfter=~-b.service\n'), '~-b.service': said('b', ''),
      '~-both.target': '[Unit]\nRequires=~-a.service ~-b.service\n', '~-weak.target': '[Unit]\nRequires=~-a.service\nWants=~-b.service\n',
    },
    steps: ['start ~-b.service', 'start ~-a.service', 'sleep 100', 'show ~-b.service', 'show ~-a.service', 'start ~-b.service', 'sleep 100', 'show ~-a.service', 'show ~-b.service', 'start ~-both.target', 'show ~-both.target', 'stop ~-a.service ~-b.service', 'start ~-weak.target', 'sleep 200', 'show ~-weak.target', 'show ~-a.service ActiveState', 'show ~-b.service ActiveState', 'stop ~-weak.target ~-a.service ~-b.service'],
  },
  {
    name: 'on-failure',
    units: {
      '~.service': '[Unit]\nOnFailure=~-helper@%n.service\nOnSuccess=~-success.service\n[Service]\nType=oneshot\nExecStart=/bin/false\n',
      '~-restarts.service': '[Unit]\nOnFailure=~-restarts-helper.service\nStartLimitBurst=3\n[Service]\nRestart=on-failure\nRestartSec=10ms\nExecStart=/bin/false\n',
      '~-restarts-helper.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ restarts-helper $MONITOR_SERVICE_RESULT $MONITOR_EXIT_CODE $MONITOR_EXIT_STATUS $MONITOR_UNIT\n',
      '~-helper@.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ helper %i $MONITOR_SERVICE_RESULT $MONITOR_EXIT_CODE $MONITOR_EXIT_STATUS $MONITOR_UNIT\n',
      '~-success.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ success $MONITOR_SERVICE_RESULT $MONITOR_EXIT_CODE $MONITOR_EXIT_STATUS $MONITOR_UNIT\n',
      '~-good.service': '[Unit]\nOnFailure=~-helper@%n.service\nOnSuccess=~-success.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
    },
    steps: ['start ~.service', 'sleep 300', 'show ~.service', 'start ~-good.service', 'sleep 300', 'start ~-restarts.service', 'until ~-restarts.service failed', 'sleep 300', 'show ~-restarts.service', 'sh sort -o /t/~ /t/~'],
  },
  {
    name: 'upholds',
    units: {
      '~.service': said('top', 'Upholds=~-held.service\n'), '~-held.service': '[Service]\nExecStart=/c/hold ~ held\n',
      '~-need.service': said('need', 'Requires=~-used.service\nAfter=~-used.service\n'), '~-used.service': said('used', 'StopWhenUnneeded=yes\n'),
    },
    steps: ['start ~.service', 'until ~-held.service running', 'living', 'signal ~-held.service KILL', 'sleep 600', 'living', 'show ~-held.service ActiveState,SubState,NRestarts', 'stop ~-held.service', 'sleep 600', 'show ~-held.service ActiveState', 'stop ~.service ~-held.service', 'start ~-need.service', 'living', 'stop ~-need.service', 'sleep 300', 'living', 'start ~-used.service', 'sleep 300', 'show ~-used.service'],
  },
  {
    name: 'order',
    units: {
      '~.target': '[Unit]\nRequires=~-a.service ~-b.service ~-c.service\nAfter=~-a.service ~-b.service ~-c.service\nPropagatesStopTo=~-a.service ~-b.service ~-c.service\n',
      '~-a.service': `[Unit]\nAfter=~-b.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/c/say ~ a up\nExecStop=/c/say ~ a down\n`,
      '~-b.service': `[Unit]\nAfter=~-c.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "sleep 0.2; /c/say ~ b up"\nExecStop=/c/say ~ b down\n`,
      '~-c.service': `[Unit]\nBefore=~-a.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "sleep 0.4; /c/say ~ c up"\nExecStop=/c/say ~ c down\n`,
      '~-x.service': '[Unit]\nAfter=~-y.service\nRequires=~-y.service\n[Service]\nExecStart=/c/hold ~ x\n', '~-y.service': '[Unit]\nAfter=~-x.service\n[Service]\nExecStart=/c/hold ~ y\n',
    },
    steps: ['start ~.target', 'show ~.target', 'stop ~.target', 'sleep 800', 'show ~-a.service', 'start ~-x.service', 'show ~-x.service', 'living'],
  },
];

const ENVIRONMENT: readonly Scenario[] = [
  {
    name: 'environment',
    differs: [
      { line: /: (LANG|TERM|NOTIFY_SOCKET)=/, why: 'no locale is invented; $TERM only where there is a terminal; the socket is elsewhere' },
    ],
    units: {
      '~.service': [
        '[Service]', 'Type=oneshot', 'Environment="ONE=a b" TWO=plain \'THREE=c "d"\' FOUR="inside quotes" FIVE=a\\x20b "SIX=tab\\there"', 'Environment=SEVEN=$ONE EIGHT=%p NINE=%%n', 'Environment=BAD-NAME=x 1X=y', 'Environment=LATE=first', 'Environment=LATE=second',
        'EnvironmentFile=/c/~.env', 'EnvironmentFile=-/nowhere', 'UnsetEnvironment=TWO GONE=yes KEPT=no', 'PassEnvironment=container NOSUCH',
        "ExecStart=/bin/sh -c 'env -0 | sort -z | tr \"\\\\n\\\\0\" \"|\\\\n\" | grep -v -e ^INVOCATION_ID -e ^SYSTEMD_EXEC_PID >> /t/~'", '',
      ].join('\n'),
      '~-user.service': "[Service]\nType=oneshot\nUser=daemon\nExecStart=/bin/sh -c 'env | sort | grep -v -e ^INVOCATION_ID -e ^SYSTEMD_EXEC_PID'\nStandardOutput=append:/t/~-user\n",
      '~-vars.service': "[Service]\nType=notify\nWatchdogSec=30\nPIDFile=/run/~.pid\nRuntimeDirectory=~\nStateDirectory=~ ~/sub\nCacheDirectory=~\nLogsDirectory=~\nConfigurationDirectory=~\nNotifyAccess=all\nTTYPath=/dev/tty9\nExecStart=/bin/sh -c 'env | sed s/WATCHDOG_PID=$$$$/WATCHDOG_PID=me/ | sort | grep -v -e ^INVOCATION_ID -e ^SYSTEMD_EXEC_PID >> /t/~-vars; exec /c/notify READY=1'\n",
    },
    files: {
      '/c/~.env': [
        '# comment', '; comment', 'A=plain', 'B="double  quoted" ', "C='single $A'", 'D=un quoted  value   ', 'E="multi', 'line"', 'F=continued\\', 'line', 'G="esc \\" \\$ \\\\ \\n \\`"', "H='a'\"b\"c", ' I = spaced', 'export J=exported', 'K=', 'L', 'M=a#b', 'N=a # b', 'O="x" y', 'P=\\ lead', "Q='it'\\''s'", 'R=back\\slash', 'GONE=yes', 'KEPT=yes', 'LATE=file', '2X=bad', 'S="unterminated', 'T=after', '',
      ].join('\n'),
    },
    steps: ['start ~.service', 'show ~.service', 'start ~-user.service', 'sh cat /t/~-user', 'start ~-vars.service', 'sh cat /t/~-vars', 'stop ~-vars.service'],
  },
  {
    name: 'expansion',
    differs: [
      { line: /^start expansion-(bad|relative).*: exit/, why: 'a unit file that cannot be used is "not configured" in the LSB table' },
    ],
    units: {
      '~@.service': [
        '[Unit]', 'Description=of %i and %I', '[Service]', 'Type=oneshot', 'Environment="ONE=a b  c" EMPTY= "QUOTED=\'x y\' z" SLASH=/bin',
        'ExecStart=/c/args ~ $ONE', 'ExecStart=/c/args ~ ${ONE}', 'ExecStart=/c/args ~ "$ONE"', 'ExecStart=/c/args ~ x$ONE', 'ExecStart=/c/args ~ x${ONE}y', 'ExecStart=/c/args ~ $EMPTY ${EMPTY} end', 'ExecStart=/c/args ~ $UNSET ${UNSET} end',
        'ExecStart=/c/args ~ $QUOTED ${QUOTED}', 'ExecStart=/c/args ~ $$ONE $${ONE} a$$b', 'ExecStart=/c/args ~ \'$ONE\' \'${ONE}\'', 'ExecStart=/c/args ~ ${ONE:-default} ${UNSET:-default} ${ONE:+alternative}', 'ExecStart=/c/args ~ $1 $- ${ $ end',
        'ExecStart=/c/args ~ %n %N %p %P %i %I %j %J %% %t %S %C %L %E %T %V %u %U %g %G %h %f %Y', 'ExecStart=/c/args ~ a\\x41b "q\\x20r" \\t \\\\ \\s \\101 "it\'s"', 'ExecStart=/c/args ~ "two words" \'single "inside"\' mid"quote"dle', 'ExecStart=/c/args ~ one ; /c/args ~ two \\; three', 'ExecStart=/c/args ~ cont \\', '  inued \\', '# comment between', '  end', '',
      ].join('\n'),
      '~-bad-specifier.service': '[Service]\nType=oneshot\nExecStart=/c/args ~ %! %z\n', '~-bad-quote.service': '[Service]\nType=oneshot\nExecStart=/c/args ~ "open\n', '~-relative.service': '[Service]\nType=oneshot\nExecStart=true\n', '~-relative2.service': '[Service]\nType=oneshot\nExecStart=nosuchprogram\n', '~-relative3.service': '[Service]\nType=oneshot\nExecStart=bin/true\n',
    },
    files: { '/c/args': '#!/bin/sh\nfile=$1; shift\nfor word; do printf "[%s]" "$word" >> /t/$file; done; echo >> /t/$file\n' },
    steps: ['start ~@a-b\\x20c.service', 'show ~@a-b\\x20c.service Description', ...['bad-specifier', 'bad-quote', 'relative', 'relative2', 'relative3'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service`])],
  },
];

const DIRECTORIES: readonly Scenario[] = [
  {
    name: 'directories',
    differs: [
      { line: /exists \/etc\/directories:/, why: 'what a service reads as its configuration is not made writable to it' },
    ],
    units: {
      '~.service': '[Service]\nUser=daemon\nRuntimeDirectory=~ ~/deep/er\nRuntimeDirectoryMode=0750\nStateDirectory=~\nStateDirectoryMode=0700\nCacheDirectory=~\nLogsDirectory=~\nConfigurationDirectory=~\nExecStart=/c/hold ~ main\n',
      '~-keep.service': '[Service]\nRuntimeDirectory=~-keep\nRuntimeDirectoryPreserve=yes\nExecStart=/c/hold ~ keep\n', '~-restart.service': '[Service]\nRuntimeDirectory=~-restart\nRuntimeDirectoryPreserve=restart\nExecStart=/c/hold ~ restart\n',
      '~-oneshot.service': '[Service]\nType=oneshot\nRuntimeDirectory=~-oneshot\nExecStart=/bin/sh -c "test -d /run/~-oneshot && echo there >> /t/~"\n', '~-link.service': '[Service]\nType=exec\nStateDirectory=~-link:~-alias\nExecStart=/c/hold ~ link\n',
      '~-pre.service': '[Service]\nRuntimeDirectory=~-pre\nExecStartPre=/bin/sh -c "stat -c %%U:%%a /run/~-pre >> /t/~"\nExecStart=/c/hold ~ pre\nExecStopPost=/bin/sh -c "test -d /run/~-pre && echo still >> /t/~"\nUser=daemon\nExecStartPre=+/bin/chmod 777 /t /t/~\n',
    },
    steps: [
      'sh touch /t/~; chmod 666 /t/~', 'start ~.service', 'sleep 200', ...['/run/~', '/run/~/deep/er', '/run/~/deep', '/var/lib/~', '/var/cache/~', '/var/log/~', '/etc/~'].map((path) => `exists ${path}`), 'sh touch /run/~/file /var/lib/~/file', 'restart ~.service', 'sleep 200', 'exists /run/~/file', 'exists /var/lib/~/file',
      'stop ~.service', 'exists /run/~', 'exists /run/~/deep', 'exists /var/lib/~', 'start ~-keep.service', 'sleep 200', 'stop ~-keep.service', 'exists /run/~-keep', 'start ~-restart.service', 'sleep 200', 'sh touch /run/~-restart/file', 'restart ~-restart.service', 'sleep 200', 'exists /run/~-restart/file', 'stop ~-restart.service', 'exists /run/~-restart',
      'start ~-oneshot.service', 'sleep 300', 'exists /run/~-oneshot', 'start ~-link.service', 'exists /var/lib/~-link', 'exists /var/lib/~-alias', 'stop ~-link.service', 'start ~-pre.service', 'sleep 300', 'stop ~-pre.service', 'show ~-pre.service', 'exists /run/~-pre',
    ],
  },
  {
    name: 'process',
    differs: [
      { line: /process-uid|uid=12345/, why: 'a number is a user, also without an entry in a database' },
      { line: /nofiles/, why: 'limits are those the manager was started with' },
    ],
    units: {
      '~.service': [
        '[Service]', 'Type=oneshot', 'User=daemon', 'Group=mail', 'SupplementaryGroups=adm', 'UMask=0027', 'LimitNOFILE=1000:2000', 'LimitCORE=0', 'WorkingDirectory=/usr', 'Nice=5', 'OOMScoreAdjust=100', 'CPUSchedulingPolicy=batch', 'StandardOutput=append:/t/~-out', 'StandardError=inherit', 'NoNewPrivileges=yes', 'TimerSlackNSec=1ms', 'CapabilityBoundingSet=CAP_CHOWN CAP_KILL', 'AmbientCapabilities=CAP_KILL', 'SecureBits=keep-caps',
        'ExecStart=/bin/sh -c \'id; umask; ulimit -n; ulimit -Hn; ulimit -c; pwd; nice; cat /proc/self/oom_score_adj; grep -e NoNewPrivs -e ^Cap -e Seccomp: /proc/self/status; chrt -p $$$$ | sed s/pid.*current/current/; readlink /proc/self/fd/0; ls /proc/$$$$/fd\'', '',
      ].join('\n'),
      '~-plain.service': "[Service]\nType=oneshot\nStandardOutput=append:/t/~-out\nExecStart=/bin/sh -c 'id; umask; ulimit -a; pwd; nice; cat /proc/self/oom_score_adj; grep -e NoNewPrivs -e ^Cap -e Seccomp: -e ^Sig[BI] /proc/self/status; readlink /proc/self/fd/0; ls /proc/$$$$/fd; ps -o sid= -p $$$$ | tr -d \" 0-9\"; cat /proc/self/cgroup | sed s/.*compare//'\n",
      '~-home.service': '[Service]\nType=oneshot\nUser=daemon\nWorkingDirectory=~\nStandardOutput=append:/t/~-out\nExecStart=/bin/pwd\n'.replace('=~\n', '=\u007e\n'),
      '~-uid.service': '[Service]\nType=oneshot\nUser=12345\nStandardOutput=append:/t/~-out\nExecStart=/usr/bin/id\n', '~-limits.service': '[Service]\nType=oneshot\nLimitNOFILE=infinity\nLimitNPROC=100\nLimitCPU=1h\nLimitFSIZE=1G\nLimitNICE=+10\nLimitMEMLOCK=64K\nStandardOutput=append:/t/~-out\nExecStart=/bin/sh -c "tail -n +2 /proc/self/limits"\n',
    },
    steps: ['start ~.service', 'show ~.service', 'start ~-plain.service', 'start ~-uid.service', 'start ~-limits.service', 'show ~.service UMask,LimitNOFILE,LimitNOFILESoft,User,Group,Nice,OOMScoreAdjust,WorkingDirectory,StandardOutput,StandardError,StandardInput', 'sh cat /t/~-out'],
  },
  {
    name: 'input-output',
    units: {
      '~-file.service': '[Service]\nType=oneshot\nStandardInput=file:/etc/hostname-of-~\nStandardOutput=file:/t/~-file\nStandardError=append:/t/~-err\nExecStart=/bin/sh -c "cat; echo done; echo error >&2"\n',
      '~-truncate.service': '[Service]\nType=oneshot\nStandardOutput=truncate:/t/~-truncate\nExecStart=/bin/echo short\n', '~-data.service': '[Service]\nType=oneshot\nStandardInputText=hello world\nStandardInputText=second\\x41\nStandardInputData=dGhpcmQK\nStandardOutput=append:/t/~\nExecStart=/bin/cat\n',
      '~-null.service': '[Service]\nType=oneshot\nStandardInput=null\nStandardOutput=null\nExecStart=+/bin/sh -c "readlink /proc/self/fd/0 /proc/$$$$/fd/1 >> /t/~"\n', '~-same.service': '[Service]\nType=oneshot\nStandardOutput=append:/t/~\nStandardError=append:/t/~\nExecStart=/bin/sh -c "echo out; echo err >&2; readlink /proc/$$$$/fd/2"\n',
      '~-tty.service': '[Service]\nType=oneshot\nStandardInput=tty\nStandardOutput=inherit\nTTYPath=/dev/pts/ptmx-none\nExecStart=/bin/true\n', '~-bad.service': '[Service]\nType=oneshot\nStandardOutput=file:relative\nExecStart=/c/say ~ bad\n', '~-denied.service': '[Service]\nType=oneshot\nStandardOutput=file:/nowhere/x\nExecStart=/c/say ~ denied\n',
      '~-in-out.service': '[Service]\nType=oneshot\nStandardInput=file:/t/~-both\nStandardOutput=file:/t/~-both\nExecStart=/bin/sh -c "echo more"\n',
    },
    files: { '/etc/hostname-of-~': 'given\n', '/t/~-truncate': 'a long line that was here\nand one more\n', '/t/~-file': 'a long line that was here\n', '/t/~-both': 'line one\nline two\n' },
    steps: [...['file', 'truncate', 'data', 'null', 'same', 'tty', 'bad', 'denied', 'in-out'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service ActiveState,Result,ExecMainStatus`]), 'sh cat /t/~-file', 'sh cat /t/~-err', 'sh cat /t/~-truncate', 'sh cat /t/~-both', 'show ~-file.service StandardInput,StandardOutput,StandardError', 'show ~-data.service StandardInput,StandardInputData'],
  },
  {
    name: 'loading',
    differs: [
      { line: /^start loading-(no-exec|two-exec|syntax|oneshot-always).service: exit [16]$/, why: 'a unit file that cannot be used is "not configured" in the LSB table' },
      { line: /-(empty|syntax).service: Type=/, why: 'the type that the file would have' },
      { line: /^kill nosuch/, why: 'no such unit is told apart from other failures' },
      { line: /^cat loading-nosuch\.service: says/, why: 'the nearest name is told' },
    ],
    units: {
      '~-no-exec.service': '[Service]\nType=simple\n', '~-two-exec.service': '[Service]\nExecStart=/bin/true\nExecStart=/bin/true\n', '~-empty.service': '', '~-syntax.service': '[Unit\nDescription=x\n', '~-unknown.service': '[Service]\nExecStart=/c/hold ~ unknown\nNoSuchThing=1\nType=nosuchtype\nRestart=sometimes\nRestartSec=soon\n', '~-oneshot-always.service': '[Service]\nType=oneshot\nRestart=always\nExecStart=/bin/true\n',
      '~-reset.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ first\nExecStart=\nExecStart=/c/say ~ second\n', '~-drop.service': '[Unit]\nDescription=base\n[Service]\nType=oneshot\nExecStart=/c/say ~ base\n', '~-drop.service.d/10.conf': '[Unit]\nDescription=dropped\n[Service]\nExecStart=/c/say ~ ten\n', '~-drop.service.d/20.conf': '[Service]\nExecStart=/c/say ~ twenty\n',
      '~-manual.service': '[Unit]\nRefuseManualStart=yes\n[Service]\nExecStart=/bin/true\n', '~-nostop.service': '[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=/c/hold ~ nostop\n', '~-instance@.service': '[Service]\nType=oneshot\nExecStart=/c/say ~ instance %i\n', '~-noslash.target': '[Unit]\nDescription=a target\n',
    },
    steps: [
      ...['no-exec', 'two-exec', 'empty', 'syntax', 'unknown', 'oneshot-always', 'reset', 'drop', 'manual', 'nostop'].flatMap((part) => [`start ~-${part}.service`, `show ~-${part}.service LoadState,ActiveState,SubState,Result,Type,Restart,RestartUSec,Description`]),
      'stop ~-nostop.service', 'living', 'start ~-instance@.service', 'start ~-instance@x.service', 'start ~-instance@x', 'start ~-noslash.target', 'show ~-noslash.target LoadState,ActiveState,SubState', 'reload ~-noslash.target', 'start bad..name..service', 'start a/b', 'is-active ~-noslash.target ~-drop.service nosuch.service', 'kill nosuch.service', 'is-enabled ~-drop.service', 'is-enabled ~-nosuch.service',
      'start ~-reset.service', 'reload-or-restart ~-reset.service', 'try-restart ~-reset.service', 'cat ~-nosuch.service', 'nosuchverb', 'status ~-nosuch.service', 'status ~-drop.service',
    ],
  },
];

const MONITORS: readonly Scenario[] = [
  {
    name: 'monitor',
    units: {
      '~-told@.service': "[Service]\nType=oneshot\nExecStartPre=/bin/sh -c 'echo pre $$MONITOR_UNIT >> /t/~'\nExecStart=/bin/sh -c 'echo $$MONITOR_UNIT $$MONITOR_SERVICE_RESULT $$MONITOR_EXIT_CODE $$MONITOR_EXIT_STATUS $${MONITOR_INVOCATION_ID:+invoked} >> /t/~'\n",
      '~-fails.service': "[Unit]\nOnFailure=~-told@a.service\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 7'\n",
      '~-killed.service': "[Unit]\nOnFailure=~-told@b.service\n[Service]\nType=oneshot\nExecStart=/bin/sh -c 'kill -KILL $$$$'\n",
      '~-ends.service': '[Unit]\nOnSuccess=~-told@c.service\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
      '~-pre.service': '[Unit]\nOnFailure=~-told@d.service\n[Service]\nType=oneshot\nExecStartPre=/bin/false\nExecStart=/bin/true\n',
    },
    steps: ['start ~-fails.service', 'sleep 400', 'start ~-killed.service', 'sleep 400', 'start ~-ends.service', 'sleep 400', 'start ~-pre.service', 'sleep 400', 'start ~-told@e.service'],
  },
];

export const SCENARIOS: readonly Scenario[] = [...SERVICE_TYPES, ...COMMANDS, ...RESTARTS, ...KILLING, ...STAYING, ...DEPENDENCIES, ...ENVIRONMENT, ...DIRECTORIES, ...CONDITION_SCENARIOS, ...MONITORS, ...OPTIONAL_PROGRAM_SCENARIOS, ...GROUP_ACCESS_SCENARIOS, ...SOCKET_SCENARIOS];

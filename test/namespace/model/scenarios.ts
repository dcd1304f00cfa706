/** What the model and the kernel have to agree about. Spans are long enough for a busy machine; units of a scenario are its own. */
export interface ModelScenario {
  /** A sentence about behaviour. */
  readonly name: string;
  readonly units: Readonly<Record<string, string>>;
  readonly script: string;
  /** Whether the order of states between units counts, too. */
  readonly ordered?: boolean;
}

export const run = (name: string): string => `/run/model/${name}`;

/** A service of this name that runs its own program. */
export function service(name: string, lines: string, unit = ''): Readonly<Record<string, string>> {
  return { [`${name}.service`]: `[Unit]\nDefaultDependencies=no\n${unit}\n[Service]\nExecStart=${run(name)}\n${lines}\n` };
}

const QUICK = 'RestartSec=600ms';

/** Services. */
export const SERVICE_SCENARIOS: readonly ModelScenario[] = [
  {
    name: 'Restart=no leaves a service that failed as it is',
    units: service('no', 'Restart=no'),
    script: `program ${run('no')}: exits 3 after 600ms\nat 0s start no.service\nat 1500ms expect no.service failed\nat 1500ms expect no.service result exit-code\nuntil 2s`,
  },
  {
    name: 'Restart=on-failure restarts after a status, and not after success',
    units: service('onfailure', `Restart=on-failure\n${QUICK}`),
    script: `program ${run('onfailure')}: exits 1 after 500ms\nprogram ${run('onfailure')}: exits 0 after 600ms\nat 0s start onfailure.service\nat 3500ms expect onfailure.service inactive dead\nat 3500ms expect onfailure.service runs 2\nuntil 4s`,
  },
  {
    name: 'Restart=on-success restarts after success, and not after a status',
    units: service('onsuccess', `Restart=on-success\n${QUICK}`),
    script: `program ${run('onsuccess')}: exits 0 after 500ms\nprogram ${run('onsuccess')}: exits 2 after 600ms\nat 0s start onsuccess.service\nat 3500ms expect onsuccess.service failed\nat 3500ms expect onsuccess.service runs 2\nuntil 4s`,
  },
  {
    name: 'Restart=on-abnormal restarts after a signal, and not after a status',
    units: service('onabnormal', `Restart=on-abnormal\n${QUICK}`),
    script: `program ${run('onabnormal')}: dies of KILL after 500ms\nprogram ${run('onabnormal')}: exits 1 after 600ms\nat 0s start onabnormal.service\nat 3500ms expect onabnormal.service failed\nat 3500ms expect onabnormal.service runs 2\nuntil 4s`,
  },
  {
    name: 'Restart=on-abort takes TERM for a clean end',
    units: service('onabort', `Restart=on-abort\n${QUICK}`),
    script: `program ${run('onabort')}: dies of KILL after 500ms\nprogram ${run('onabort')}: dies of TERM after 600ms\nat 0s start onabort.service\nat 3500ms expect onabort.service inactive\nat 3500ms expect onabort.service runs 2\nuntil 4s`,
  },
  {
    name: 'Restart=always restarts whatever happened, but not after a stop',
    units: service('always', `Restart=always\n${QUICK}`),
    script: `program ${run('always')}: exits 0 after 500ms\nprogram ${run('always')}: dies of SEGV after 500ms\nprogram ${run('always')}: runs\nat 0s start always.service\nat 3500ms expect always.service active running\nat 3500ms expect always.service restarts 2\nat 3600ms stop always.service\nat 5s expect always.service inactive dead\nuntil 5s`,
  },
  {
    name: 'lists of exit statuses go before Restart=',
    units: { ...service('prevent', `Restart=always\n${QUICK}\nRestartPreventExitStatus=7`), ...service('forced', `Restart=no\n${QUICK}\nRestartForceExitStatus=8`), ...service('clean', `Restart=on-failure\n${QUICK}\nSuccessExitStatus=9`) },
    script: `program ${run('prevent')}: exits 7 after 500ms\nprogram ${run('forced')}: exits 8 after 500ms\nprogram ${run('forced')}: runs\nprogram ${run('clean')}: exits 9 after 500ms\n`
      + 'at 0s start prevent.service forced.service clean.service\nat 3s expect prevent.service failed\nat 3s expect forced.service active running\nat 3s expect clean.service inactive dead\nuntil 3s',
  },
  {
    name: 'the start limit ends automatic restarts, and reset-failed lets them begin again',
    units: service('limited', 'Restart=always\nRestartSec=300ms', 'StartLimitIntervalSec=60\nStartLimitBurst=2'),
    script: `program ${run('limited')}: exits 1 after 400ms\nprogram ${run('limited')}: exits 1 after 400ms\nprogram ${run('limited')}: runs\nat 0s start limited.service\nat 3500ms expect limited.service failed\nat 3500ms expect limited.service runs 2\nat 4s reset-failed limited.service\nat 4500ms start limited.service\nat 5500ms expect limited.service active running\nuntil 5500ms`,
  },
  {
    name: 'a stop waits for a main process that takes its time',
    units: service('slowstop', 'TimeoutStopSec=5'),
    script: `program ${run('slowstop')}: stops in 1s, stops with 0\nat 0s start slowstop.service\nat 1s stop slowstop.service\nat 1500ms expect slowstop.service deactivating stop-sigterm\nat 3500ms expect slowstop.service inactive dead\nat 3500ms expect slowstop.service result success\nuntil 3500ms`,
  },
  {
    name: 'a main process that ignores TERM is killed when TimeoutStopSec= is over',
    units: service('stubborn', 'TimeoutStopSec=1'),
    script: `program ${run('stubborn')}: ignores TERM\nat 0s start stubborn.service\nat 1s stop stubborn.service\nat 4s expect stubborn.service failed\nat 4s expect stubborn.service result timeout\nuntil 4s`,
  },
  {
    name: 'a stop runs ExecStop=, then signals, then ExecStopPost=',
    units: service('sequence', `ExecStop=${run('sequence-stop')}\nExecStopPost=${run('sequence-post')}`),
    script: `program ${run('sequence')}: runs\nprogram ${run('sequence-stop')}: exits 0 after 400ms\nprogram ${run('sequence-post')}: exits 0 after 400ms\nat 0s start sequence.service\nat 1s stop sequence.service\nat 3s expect sequence.service inactive dead\nuntil 3s`,
  },
  {
    name: 'ExecStopPost= runs after a failure too, and its own failure is one',
    units: service('postfails', `ExecStopPost=${run('postfails-post')}`),
    script: `program ${run('postfails')}: exits 0 after 500ms\nprogram ${run('postfails-post')}: exits 4 after 300ms\nat 0s start postfails.service\nat 2500ms expect postfails.service failed\nat 2500ms expect postfails.service result exit-code\nuntil 2500ms`,
  },
  {
    name: 'an ExecStartPre= that fails keeps the main process from starting, unless it may fail',
    units: { ...service('prefails', `ExecStartPre=${run('prefails-pre')}`), ...service('premay', `ExecStartPre=-${run('premay-pre')}`) },
    script: `program ${run('prefails')}: runs\nprogram ${run('prefails-pre')}: exits 1 after 300ms\nprogram ${run('premay')}: runs\nprogram ${run('premay-pre')}: exits 1 after 300ms\nat 0s start prefails.service premay.service\nat 2s expect prefails.service failed\nat 2s expect premay.service active running\nuntil 2s`,
  },
  {
    name: 'Type=notify is up when it says so, and times out when it does not',
    units: { ...service('says', 'Type=notify'), ...service('silent', 'Type=notify\nTimeoutStartSec=1') },
    script: `program ${run('says')}: ready after 900ms\nprogram ${run('silent')}: runs\nat 0s start says.service silent.service\nat 500ms expect says.service activating start\nat 3s expect says.service active running\nat 3s expect silent.service failed\nat 3s expect silent.service result timeout\nuntil 3s`,
  },
  {
    name: 'a service that stops sending keep-alives is aborted and restarted',
    units: service('watched', `Type=notify\nWatchdogSec=1\nRestart=on-watchdog\n${QUICK}`),
    script: `program ${run('watched')}: ready after 200ms, pings every 300ms for 900ms\nprogram ${run('watched')}: ready after 200ms, pings every 300ms\nat 0s start watched.service\nat 5s expect watched.service active running\nat 5s expect watched.service restarts 1\nuntil 5s`,
  },
  {
    name: 'OnFailure= starts after a failure, OnSuccess= after an end that is none',
    units: {
      ...service('badend', '', 'OnFailure=badend-after.service'), ...service('goodend', '', 'OnSuccess=goodend-after.service'),
      ...service('badend-after', 'Type=oneshot'), ...service('goodend-after', 'Type=oneshot'),
    },
    script: ['badend: exits 1 after 500ms', 'goodend: exits 0 after 500ms', 'badend-after: exits 0 after 300ms', 'goodend-after: exits 0 after 300ms'].map((each) => `program ${run(each)}`).join('\n')
      + '\nat 0s start badend.service goodend.service\nat 2500ms expect badend-after.service runs 1\nat 2500ms expect goodend-after.service runs 1\nat 2500ms expect badend.service failed\nuntil 2500ms',
  },
  {
    name: 'Conflicts= stops the other before this one starts',
    units: { ...service('day', ''), ...service('night', '', 'Conflicts=day.service\nAfter=day.service') },
    script: `program ${run('day')}: stops in 500ms, stops with 0\nprogram ${run('night')}: runs\nat 0s start day.service\nat 1s start night.service\nat 3s expect day.service inactive dead\nat 3s expect night.service active running\nat 3s start day.service\nat 5s expect night.service inactive\nuntil 5s`,
    ordered: true,
  },
  {
    name: 'After= orders starts, and stops in reverse',
    units: {
      ...service('first', 'Type=notify'), ...service('second', 'Type=notify', 'After=first.service\nRequires=first.service'),
      ...service('third', '', 'After=second.service\nRequires=second.service'),
    },
    script: ['first: ready after 400ms, stops in 400ms, stops with 0', 'second: ready after 400ms, stops in 400ms, stops with 0', 'third: stops in 400ms, stops with 0'].map((each) => `program ${run(each)}`).join('\n')
      + '\nat 0s start third.service\nat 2500ms expect third.service active running\nat 2500ms stop first.service\nat 5s expect first.service inactive dead\nuntil 5s',
    ordered: true,
  },
  {
    name: 'what requires a unit that cannot start is not started',
    units: { ...service('needed', 'Type=notify'), ...service('needs', '', 'Requires=needed.service\nAfter=needed.service'), ...service('wishes', '', 'Wants=needed.service\nAfter=needed.service') },
    script: `program ${run('needed')}: exits 1 after 500ms\nprogram ${run('needs')}: runs\nprogram ${run('wishes')}: runs\nat 0s start needs.service wishes.service\nat 2500ms expect needs.service inactive\nat 2500ms expect wishes.service active running\nuntil 2500ms`,
  },
  {
    name: 'BindsTo= ends with the other, PartOf= restarts with it',
    units: { ...service('base', ''), ...service('bound', '', 'BindsTo=base.service\nAfter=base.service'), ...service('part', '', 'PartOf=base.service\nAfter=base.service') },
    script: `program ${run('base')}: runs\nprogram ${run('bound')}: runs\nprogram ${run('part')}: runs\nat 0s start base.service bound.service part.service\nat 1s restart base.service\nat 2500ms expect part.service runs 2\nat 2500ms expect bound.service active\nat 2600ms kill base.service\nat 4s expect bound.service inactive\nat 4s expect part.service active running\nuntil 4s`,
  },
  {
    name: 'a oneshot runs its commands in order, and stays when it is to',
    units: {
      'steps.service': `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${run('steps-a')}\nExecStart=${run('steps-b')}\nExecStop=${run('steps-stop')}\n`,
      'halfway.service': `[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=${run('halfway-a')}\nExecStart=${run('halfway-b')}\n`,
    },
    script: ['steps-a: exits 0 after 300ms', 'steps-b: exits 0 after 300ms', 'steps-stop: exits 0 after 300ms', 'halfway-a: exits 1 after 300ms', 'halfway-b: exits 0 after 300ms'].map((each) => `program ${run(each)}`).join('\n')
      + '\nat 0s start steps.service halfway.service\nat 2s expect steps.service active exited\nat 2s expect halfway.service failed\nat 2s stop steps.service\nat 3500ms expect steps.service inactive dead\nuntil 3500ms',
  },
  {
    name: 'RuntimeMaxSec= ends a service that runs too long',
    units: service('toolong', 'RuntimeMaxSec=1'),
    script: `program ${run('toolong')}: runs\nat 0s start toolong.service\nat 3s expect toolong.service failed\nat 3s expect toolong.service result timeout\nuntil 3s`,
  },
  {
    name: 'Type=forking goes on with the process that is left, and ends with it',
    units: service('forking', 'Type=forking'),
    script: `program ${run('forking')}: exits 0 after 300ms, leaves a child\nat 0s start forking.service\nat 2s expect forking.service active running\nat 2s kill forking.service\nat 3500ms expect forking.service failed\nuntil 3500ms`,
  },
  {
    name: 'what a main process leaves behind is ended with it',
    units: service('leaves', ''),
    script: `program ${run('leaves')}: exits 0 after 500ms, leaves a child\nat 0s start leaves.service\nat 2s expect leaves.service inactive dead\nuntil 2s`,
  },
  {
    name: 'ExecCondition= skips with a status up to 254, and fails with 255',
    units: { ...service('skipped', `ExecCondition=${run('skipped-if')}`), ...service('refused', `ExecCondition=${run('refused-if')}`) },
    script: `program ${run('skipped')}: runs\nprogram ${run('skipped-if')}: exits 1 after 300ms\nprogram ${run('refused')}: runs\nprogram ${run('refused-if')}: exits 255 after 300ms\nat 0s start skipped.service refused.service\nat 2s expect skipped.service inactive\nat 2s expect refused.service failed\nuntil 2s`,
  },
  {
    name: 'a reload runs ExecReload= and leaves the main process alone',
    units: service('reloads', `ExecReload=${run('reloads-reload')}`),
    script: `program ${run('reloads')}: runs\nprogram ${run('reloads-reload')}: exits 0 after 600ms\nat 0s start reloads.service\nat 1s reload reloads.service\nat 1300ms expect reloads.service reloading\nat 3s expect reloads.service active running\nat 3s expect reloads.service runs 1\nuntil 3s`,
  },
  {
    name: 'a timer starts its service again and again',
    units: { 'ticks.timer': '[Unit]\nDefaultDependencies=no\n[Timer]\nOnActiveSec=500ms\nOnUnitInactiveSec=900ms\nAccuracySec=1us\n', ...service('ticks', 'Type=oneshot') },
    script: `program ${run('ticks')}: exits 0 after 300ms\nat 0s start ticks.timer\nat 2500ms expect ticks.service runs 2\nat 2500ms stop ticks.timer\nat 4s expect ticks.service runs 2\nuntil 4s`,
  },
  {
    name: 'a path unit starts its service when the file is there',
    units: { 'waits.path': '[Unit]\nDefaultDependencies=no\n[Path]\nPathExists=/run/model/file\n', ...service('waits', '') },
    script: `program ${run('waits')}: runs\nat 0s start waits.path\nat 1s expect waits.service inactive\nat 1s touch /run/model/file\nat 3s expect waits.service active running\nuntil 3s`,
  },
];

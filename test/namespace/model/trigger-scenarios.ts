/** What the model and the kernel have to agree about: units that start services by themselves, mounts, automounts, swaps, and fd stores. */
import { run, service, type ModelScenario } from './scenarios.ts';

const DIRECTORY = '/run/model';

function unit(name: string, section: string, lines: string, more = ''): Readonly<Record<string, string>> {
  return { [name]: `[Unit]\nDefaultDependencies=no\n${more}\n[${section}]\n${lines}\n` };
}

function socket(name: string, lines = ''): Readonly<Record<string, string>> {
  return unit(`${name}.socket`, 'Socket', `ListenStream=${DIRECTORY}/${name}.sock\n${lines}`);
}

function mount(name: string, lines = ''): Readonly<Record<string, string>> {
  return unit(`run-model-${name}.mount`, 'Mount', `What=tmpfs\nWhere=${DIRECTORY}/${name}\nType=tmpfs\n${lines}`);
}

/** Lines of a script. */
const lines = (...each: readonly string[]): string => each.join('\n');

const SOCKETS: readonly ModelScenario[] = [
  {
    name: 'a connection starts the service, and its end gives the socket back',
    units: { ...socket('opens'), ...service('opens', '') },
    script: lines(
      `program ${run('opens')}: exits 0 after 1500ms`, 'at 0s start opens.socket', 'at 1s expect opens.socket active listening', 'at 1s expect opens.service inactive',
      'at 1s connect opens.socket', 'at 2s expect opens.socket active running', 'at 4500ms expect opens.socket active listening',
      'at 4500ms connect opens.socket', 'at 7500ms expect opens.service runs 2', 'at 8s stop opens.socket', 'at 9s expect opens.socket inactive dead', 'until 9s'),
  },
  {
    name: 'a service that is stopped leaves its socket listening, and a socket that is stopped its service running',
    units: { ...socket('leaves1'), ...service('leaves1', '') },
    script: lines(
      `program ${run('leaves1')}: runs`, 'at 0s start leaves1.socket', 'at 1s connect leaves1.socket', 'at 2500ms expect leaves1.service active running',
      'at 2500ms stop leaves1.service', 'at 4s expect leaves1.socket active listening', 'at 4s connect leaves1.socket', 'at 5500ms expect leaves1.service active running',
      'at 5500ms stop leaves1.socket', 'at 7s expect leaves1.socket inactive dead', 'at 7s expect leaves1.service active running', 'until 7s'),
  },
  {
    name: 'a socket is not started while its service runs',
    units: { ...socket('late'), ...service('late', '') },
    script: lines(`program ${run('late')}: runs`, 'at 0s start late.service', 'at 1s start late.socket', 'at 2s expect late.socket inactive dead', 'at 2s expect late.service active running', 'until 2s'),
  },
  {
    name: 'a service that never takes what waits ends at the limit of its socket',
    units: { ...socket('limited1', 'TriggerLimitBurst=3\nTriggerLimitIntervalSec=60'), ...service('limited1', `ExecCondition=${run('limited1-if')}`, 'StartLimitIntervalSec=0') },
    script: lines(`program ${run('limited1')}: runs`, `program ${run('limited1-if')}: exits 1 after 200ms`, 'at 0s start limited1.socket', 'at 1s connect limited1.socket',
      'at 6s expect limited1.socket failed', 'at 6s expect limited1.socket result trigger-limit-hit', 'at 6s expect limited1.service inactive', 'until 6s'),
  },
  {
    name: 'the start limit of a service ends its socket',
    units: { ...socket('worn'), ...service('worn', `ExecCondition=${run('worn-if')}`, 'StartLimitIntervalSec=60\nStartLimitBurst=2') },
    script: lines(`program ${run('worn')}: runs`, `program ${run('worn-if')}: exits 1 after 200ms`, 'at 0s start worn.socket', 'at 1s connect worn.socket',
      'at 6s expect worn.socket failed', 'at 6s expect worn.socket result service-start-limit-hit', 'until 6s'),
  },
];

const TIMERS: readonly ModelScenario[] = [
  {
    name: 'a timer that elapses once stays elapsed, or goes with RemainAfterElapse=no',
    units: {
      ...unit('stays.timer', 'Timer', 'OnActiveSec=600ms\nAccuracySec=1us'), ...service('stays', 'Type=oneshot'),
      ...unit('goes.timer', 'Timer', 'OnActiveSec=600ms\nAccuracySec=1us\nRemainAfterElapse=no'), ...service('goes', 'Type=oneshot'),
    },
    script: lines(`program ${run('stays')}: exits 0 after 400ms`, `program ${run('goes')}: exits 0 after 400ms`, 'at 0s start stays.timer goes.timer',
      'at 3500ms expect stays.timer active elapsed', 'at 3500ms expect goes.timer inactive dead', 'at 3500ms expect stays.service runs 1', 'at 3500ms expect goes.service runs 1', 'until 3500ms'),
  },
  {
    name: 'a timer goes on when its service fails, and a new start counts anew',
    units: { ...unit('again.timer', 'Timer', 'OnActiveSec=500ms\nOnUnitInactiveSec=1500ms\nAccuracySec=1us'), ...service('again', 'Type=oneshot') },
    script: lines(`program ${run('again')}: exits 1 after 300ms`, 'at 0s start again.timer', 'at 1700ms expect again.service failed', 'at 3s expect again.service runs 2', 'at 3s stop again.timer',
      'at 3200ms start again.timer', 'at 4800ms expect again.service runs 3', 'at 4800ms stop again.timer', 'at 5s expect again.timer inactive dead', 'until 5s'),
  },
  {
    name: 'a timer starts what it names and cannot be started when that is missing',
    units: { ...unit('names.timer', 'Timer', 'OnActiveSec=500ms\nAccuracySec=1us\nUnit=named.service'), ...service('named', ''), ...unit('vain.timer', 'Timer', 'OnActiveSec=500ms\nUnit=no-such.service') },
    script: lines(`program ${run('named')}: runs`, 'at 0s start names.timer', 'at 0s start vain.timer', 'at 2s expect named.service active running', 'at 2s expect names.timer active', 'at 2s expect vain.timer inactive dead', 'until 2s'),
  },
];

const PATHS: readonly ModelScenario[] = [
  {
    name: 'PathChanged= starts the service with each change, and no more after a stop',
    units: { ...unit('changed.path', 'Path', `PathChanged=${DIRECTORY}/changed.file`), ...service('changed', 'Type=oneshot') },
    script: lines(`program ${run('changed')}: exits 0 after 300ms`, 'at 0s start changed.path', `at 1s touch ${DIRECTORY}/changed.file`, 'at 3s expect changed.service runs 1', `at 3s touch ${DIRECTORY}/changed.file`,
      'at 5s expect changed.service runs 2', 'at 5s stop changed.path', `at 5500ms touch ${DIRECTORY}/changed.file`, 'at 7s expect changed.service runs 2', 'until 7s'),
  },
  {
    name: 'DirectoryNotEmpty= starts the service when there is something, and looks again after it',
    units: { ...unit('filled.path', 'Path', `DirectoryNotEmpty=${DIRECTORY}/filled.d\nMakeDirectory=yes`), ...service('filled', '') },
    script: lines(`program ${run('filled')}: exits 0 after 900ms`, `program ${run('filled')}: runs`, 'at 0s start filled.path', 'at 1s expect filled.service inactive', `at 1s touch ${DIRECTORY}/filled.d/one`,
      'at 4s expect filled.service runs 2', `at 4s remove ${DIRECTORY}/filled.d/one`, 'at 4500ms stop filled.service', 'at 6s expect filled.path active waiting', 'at 6s expect filled.service runs 2', 'until 6s'),
  },
  {
    name: 'a file that stays starts the service until its start limit, which ends the path unit',
    units: { ...unit('loops.path', 'Path', `PathExists=${DIRECTORY}/loops.file`), ...service('loops', 'Type=oneshot', 'StartLimitIntervalSec=60\nStartLimitBurst=2') },
    script: lines(`program ${run('loops')}: exits 0 after 300ms`, 'at 0s start loops.path', `at 1s touch ${DIRECTORY}/loops.file`,
      'at 5s expect loops.path failed', 'at 5s expect loops.path result unit-start-limit-hit', 'at 5s expect loops.service runs 2', 'until 5s'),
  },
];

const MOUNTS: readonly ModelScenario[] = [
  {
    name: 'a service waits for the mount it needs, and is stopped before it',
    units: { ...mount('m1'), ...service('in-m1', '', `RequiresMountsFor=${DIRECTORY}/m1/deep`) },
    script: lines(`program ${run('in-m1')}: stops in 400ms, stops with 0`, 'at 0s start in-m1.service', 'at 2s expect run-model-m1.mount active mounted', 'at 2s expect in-m1.service active running',
      'at 2s stop run-model-m1.mount', 'at 4500ms expect in-m1.service inactive dead', 'at 4500ms expect run-model-m1.mount inactive dead', 'until 4500ms'),
    ordered: true,
  },
  {
    name: 'a mount that somebody takes away is down, and up again when somebody makes it; what is bound to it ends',
    units: { ...mount('m2'), ...service('bound-m2', '', 'BindsTo=run-model-m2.mount\nAfter=run-model-m2.mount') },
    script: lines(`program ${run('bound-m2')}: runs`, 'at 0s start bound-m2.service', 'at 2s expect bound-m2.service active running', `at 2s umount ${DIRECTORY}/m2`,
      'at 4s expect run-model-m2.mount inactive dead', 'at 4s expect bound-m2.service inactive dead', `at 4s mount ${DIRECTORY}/m2`, 'at 6s expect run-model-m2.mount active mounted',
      'at 6s stop run-model-m2.mount', 'at 8s expect run-model-m2.mount inactive dead', 'until 8s'),
  },
  {
    name: 'a mount that cannot be fails, and what requires it is not started',
    units: { ...unit('run-model-m3.mount', 'Mount', `What=/dev/no-such-device\nWhere=${DIRECTORY}/m3\nType=ext4`), ...service('needs-m3', '', 'Requires=run-model-m3.mount\nAfter=run-model-m3.mount') },
    script: lines(`program ${run('needs-m3')}: runs`, 'program run-model-m3.mount ExecMount: exits 32 after 50ms', 'at 0s start needs-m3.service', 'at 3s expect run-model-m3.mount failed',
      'at 3s expect run-model-m3.mount result exit-code', 'at 3s expect needs-m3.service inactive dead', 'until 3s'),
  },
  {
    name: 'a reload of a mount remounts it, and a stop takes all away that is mounted there',
    units: mount('m4'),
    script: lines('at 0s start run-model-m4.mount', 'at 1500ms reload run-model-m4.mount', 'at 3s expect run-model-m4.mount active mounted', `at 3s mount ${DIRECTORY}/m4`,
      'at 4500ms stop run-model-m4.mount', 'at 7s expect run-model-m4.mount inactive dead', 'until 7s'),
  },
];

function automount(name: string, lines = ''): Readonly<Record<string, string>> {
  return unit(`run-model-${name}.automount`, 'Automount', `Where=${DIRECTORY}/${name}\n${lines}`);
}

const AUTOMOUNTS: readonly ModelScenario[] = [
  {
    name: 'a visit to an automount mounts what is to be there, again when somebody took it away, and a stop of the automount leaves nothing',
    units: { ...mount('a1'), ...automount('a1') },
    script: lines('at 0s start run-model-a1.automount', 'at 1500ms expect run-model-a1.automount active waiting', 'at 1500ms expect run-model-a1.mount inactive dead', `at 1500ms visit ${DIRECTORY}/a1`,
      'at 3500ms expect run-model-a1.automount active running', 'at 3500ms expect run-model-a1.mount active mounted', `at 3500ms umount ${DIRECTORY}/a1`,
      'at 5500ms expect run-model-a1.automount active waiting', 'at 5500ms expect run-model-a1.mount inactive dead', `at 5500ms visit ${DIRECTORY}/a1`,
      'at 7500ms expect run-model-a1.automount active running', 'at 7500ms stop run-model-a1.automount', 'at 9500ms expect run-model-a1.automount inactive dead', 'at 9500ms expect run-model-a1.mount inactive dead', 'until 9500ms'),
  },
  {
    name: 'an automount whose mount cannot be waits for the next visit',
    units: { ...unit('run-model-a2.mount', 'Mount', `What=/dev/no-such-device\nWhere=${DIRECTORY}/a2\nType=ext4`), ...automount('a2') },
    script: lines('program run-model-a2.mount ExecMount: exits 32 after 50ms', 'at 0s start run-model-a2.automount', `at 1500ms visit ${DIRECTORY}/a2`,
      'at 4s expect run-model-a2.mount failed', 'at 4s expect run-model-a2.automount active waiting', 'until 4s'),
  },
  {
    name: 'an automount that nobody visits for long lets go of its mount',
    units: { ...mount('a3'), ...automount('a3', 'TimeoutIdleSec=1s') },
    script: lines('at 0s start run-model-a3.automount', `at 1s visit ${DIRECTORY}/a3`, 'at 6s expect run-model-a3.mount inactive dead', 'at 6s expect run-model-a3.automount active waiting', 'until 6s'),
  },
  {
    name: 'an automount whose mount has met its start limit fails, and can be started anew',
    units: {
      ...unit('run-model-a4.mount', 'Mount', `What=/dev/no-such-device\nWhere=${DIRECTORY}/a4\nType=ext4`, 'StartLimitIntervalSec=60\nStartLimitBurst=2'), ...automount('a4'),
    },
    script: lines('program run-model-a4.mount ExecMount: exits 32 after 50ms', 'at 0s start run-model-a4.automount', `at 1s visit ${DIRECTORY}/a4`, `at 2500ms visit ${DIRECTORY}/a4`,
      'at 4s expect run-model-a4.automount active waiting', `at 4s visit ${DIRECTORY}/a4`, 'at 5500ms expect run-model-a4.automount failed', 'at 5500ms expect run-model-a4.automount result mount-start-limit-hit',
      'at 5500ms expect run-model-a4.mount result exit-code', 'at 5500ms start run-model-a4.automount', 'at 7s expect run-model-a4.automount active waiting', 'until 7s'),
  },
  {
    name: 'who goes to an automount whose mount needs a service that fails is told so, and the automount waits on',
    units: {
      ...unit('run-model-a5.mount', 'Mount', `What=tmpfs\nWhere=${DIRECTORY}/a5\nType=tmpfs`, 'Requires=for-a5.service\nAfter=for-a5.service'), ...automount('a5'), ...service('for-a5', 'Type=oneshot'),
    },
    script: lines(`program ${run('for-a5')}: exits 1 after 200ms`, `program ${run('for-a5')}: exits 0 after 200ms`, 'at 0s start run-model-a5.automount', `at 1s visit ${DIRECTORY}/a5`, 'at 3s expect run-model-a5.automount active waiting',
      'at 3s expect run-model-a5.mount inactive dead', 'at 3s expect for-a5.service failed', `at 3s visit ${DIRECTORY}/a5`, 'at 5s expect run-model-a5.automount active running', 'at 5s expect run-model-a5.mount active mounted',
      'at 5s stop run-model-a5.mount', 'at 6500ms expect run-model-a5.automount active waiting', 'until 6500ms'),
  },
  {
    name: 'an automount cannot be started where something is mounted, and a mount by hand counts as the one it waits for',
    units: { ...mount('a6'), ...automount('a6') },
    script: lines('at 0s start run-model-a6.mount', 'at 1s start run-model-a6.automount', 'at 2s expect run-model-a6.automount inactive dead', 'at 2s stop run-model-a6.mount', 'at 3500ms start run-model-a6.automount',
      'at 5s expect run-model-a6.automount active waiting', `at 5s mount ${DIRECTORY}/a6`, 'at 6500ms expect run-model-a6.automount active running', 'at 6500ms expect run-model-a6.mount active mounted', 'until 6500ms'),
  },
];

/** The link at which a scenario finds the swap area that it may use. */
export const SWAP_LINK = '/dev/modelswap';

/** They need a swap area, of which there is one. */
export const SWAP_SCENARIOS: readonly ModelScenario[] = [
  {
    name: 'a swap that somebody turns off is down, and up again when somebody turns it on; what is bound to it ends',
    units: { ...unit('dev-modelswap.swap', 'Swap', `What=${SWAP_LINK}\nPriority=1`), ...service('bound-swap', '', 'BindsTo=dev-modelswap.swap\nAfter=dev-modelswap.swap') },
    script: lines(`program ${run('bound-swap')}: runs`, 'at 0s start bound-swap.service', 'at 2s expect dev-modelswap.swap active active', 'at 2s expect bound-swap.service active running', `at 2s swapoff ${SWAP_LINK}`,
      'at 4s expect dev-modelswap.swap inactive dead', 'at 4s expect bound-swap.service inactive dead', `at 4s swapon ${SWAP_LINK}`, 'at 6s expect dev-modelswap.swap active active', 'at 6s stop dev-modelswap.swap',
      'at 8s expect dev-modelswap.swap inactive dead', 'until 8s'),
  },
  {
    name: 'a swap that cannot be fails, and what requires it is not started',
    units: { ...unit('run-model-no.swap', 'Swap', `What=${DIRECTORY}/no`), ...service('needs-swap', '', 'Requires=run-model-no.swap\nAfter=run-model-no.swap') },
    script: lines(`program ${run('needs-swap')}: runs`, 'program run-model-no.swap ExecActivate: exits 255 after 50ms', 'at 0s start needs-swap.service', 'at 3s expect run-model-no.swap failed', 'at 3s expect run-model-no.swap result exit-code',
      'at 3s expect needs-swap.service inactive dead', 'until 3s'),
  },
];

const STORES: readonly ModelScenario[] = [
  {
    name: 'stored fds live through a restart and not through a stop, and no more are kept than may be',
    units: { ...service('keeps', 'Type=notify\nNotifyAccess=all\nFileDescriptorStoreMax=2\nRestart=on-failure\nRestartSec=600ms'), ...service('overfull', 'Type=notify\nNotifyAccess=all\nFileDescriptorStoreMax=2') },
    script: lines(`program ${run('keeps')}: ready after 300ms, stores 2 as a, exits 1 after 3500ms`, `program ${run('keeps')}: ready after 300ms`, `program ${run('overfull')}: ready after 300ms, stores 3 as b`,
      'at 0s start keeps.service overfull.service', 'at 3s expect keeps.service stored 2', 'at 3s expect overfull.service stored 2', 'at 6500ms expect keeps.service restarts 1', 'at 6500ms expect keeps.service stored 2',
      'at 6500ms stop keeps.service', 'at 8s expect keeps.service stored 0', 'until 8s'),
  },
  {
    name: 'FileDescriptorStorePreserve=yes keeps stored fds through a stop, but for those that the service takes back',
    units: { ...service('holds', 'Type=notify\nNotifyAccess=all\nFileDescriptorStoreMax=2\nFileDescriptorStorePreserve=yes'), ...service('lets-go', 'Type=notify\nNotifyAccess=all\nFileDescriptorStoreMax=2\nFileDescriptorStorePreserve=yes') },
    script: lines(`program ${run('holds')}: ready after 300ms, stores 1 as a`, `program ${run('lets-go')}: ready after 300ms, stores 1 as a, takes back a, stops in 500ms, stops with 0`,
      'at 0s start holds.service lets-go.service', 'at 3s expect lets-go.service stored 1', 'at 3s stop holds.service lets-go.service', 'at 5s expect holds.service stored 1', 'at 5s expect lets-go.service stored 0', 'until 5s'),
  },
];

export const TRIGGER_SCENARIOS: readonly ModelScenario[] = [...SOCKETS, ...TIMERS, ...PATHS, ...MOUNTS, ...AUTOMOUNTS, ...STORES];

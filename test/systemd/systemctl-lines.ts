/** The units and the command lines with which `systemctl.ts` compares the two systemctls. */

/** Files by absolute path; `null` masks. What is not in /etc is a package's. */
export const FILES: Readonly<Record<string, string | null>> = {
  '/usr/lib/systemd/system/web.service': '[Unit]\nDescription=Web server of the comparison\nDocumentation=man:web(8) https://example.org/web\nAfter=network.target cache.service\nWants=cache.service\n[Service]\nExecStart=/bin/sleep 99999\nExecReload=/bin/true\nEnvironment="A=one two" B=3\n[Install]\nWantedBy=multi-user.target\nAlias=www.service\nAlso=web.socket\n',
  '/usr/lib/systemd/system/web.socket': '[Unit]\nDescription=Socket of the web server\n[Socket]\nListenStream=/run/web.sock\nListenStream=127.0.0.1:8099\n[Install]\nWantedBy=sockets.target\n',
  '/etc/systemd/system/web.service.d/10-limits.conf': '[Service]\nLimitNOFILE=4096\n',
  '/etc/systemd/system/web.service.d/20-more.conf': '[Unit]\nDescription=Web server of the comparison, changed\n',
  '/usr/lib/systemd/system/cache.service': '[Unit]\nDescription=A cache whose description is rather long so that it has to be cut off in a narrow terminal\n[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/once.service': '[Unit]\nDescription=Runs once and stays\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStart=/bin/echo hello\n[Install]\nWantedBy=multi-user.target\n',
  '/usr/lib/systemd/system/gone.service': '[Unit]\nDescription=Runs once and is gone\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system/fails.service': '[Unit]\nDescription=Always fails\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit 3"\n',
  '/usr/lib/systemd/system/dies.service': '[Unit]\nDescription=Dies by a signal\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "kill -9 $$$$"\n',
  '/usr/lib/systemd/system/after-fails.service': '[Unit]\nRequires=fails.service\nAfter=fails.service\n[Service]\nExecStart=/bin/sleep 99\n',
  '/usr/lib/systemd/system/skipped.service': '[Unit]\nDescription=Skipped by a condition\nConditionPathExists=/nowhere\nConditionPathExists=!/also-nowhere\n[Service]\nExecStart=/bin/sleep 99\n',
  '/usr/lib/systemd/system/asserts.service': '[Unit]\nDescription=Has an assertion that fails\nAssertPathExists=/nowhere\n[Service]\nExecStart=/bin/sleep 99\n',
  '/usr/lib/systemd/system/bad.service': '[Unit]\nDescription=Has no command\n[Service]\nType=simple\n',
  '/usr/lib/systemd/system/noisy.service': '[Unit]\nDescription=Says something wrong\nNoSuchKey=1\n[Service]\nExecStart=/bin/sleep 99999\nRestart=sometimes\n',
  '/usr/lib/systemd/system/manual.service': '[Unit]\nRefuseManualStart=yes\nRefuseManualStop=yes\n[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/masked.service': '[Service]\nExecStart=/bin/sleep 99\n[Install]\nWantedBy=multi-user.target\n',
  '/etc/systemd/system/masked.service': null,
  '/usr/lib/systemd/system/tpl@.service': '[Unit]\nDescription=Instance %i\n[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=dflt\n',
  '/usr/lib/systemd/system/exits@.service': '[Service]\nExecStart=/bin/sh -c "exit %i"\nType=oneshot\n',
  '/usr/lib/systemd/system/bare@.service': '[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/talk.socket': '[Unit]\nDescription=Talk\n[Socket]\nListenStream=/run/talk.sock\nListenDatagram=/run/talk.dgram\nListenFIFO=/run/talk.fifo\nAccept=no\n[Install]\nWantedBy=sockets.target\n',
  '/usr/lib/systemd/system/talk.service': '[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/each.socket': '[Socket]\nListenStream=/run/each.sock\nAccept=yes\n',
  '/usr/lib/systemd/system/each@.service': '[Service]\nExecStart=/bin/cat\nStandardInput=socket\n',
  '/usr/lib/systemd/system/tidy.timer': '[Unit]\nDescription=Tidy up every day\n[Timer]\nOnCalendar=*-*-* 03:00:00\nOnBootSec=12h\n[Install]\nWantedBy=timers.target\n',
  '/usr/lib/systemd/system/tidy.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system/later.timer': '[Timer]\nOnActiveSec=10h\nUnit=gone.service\n',
  '/usr/lib/systemd/system/inbox.path': '[Path]\nPathExists=/run/inbox\nPathChanged=/run/inbox2\nUnit=gone.service\n[Install]\nWantedBy=paths.target\n',
  '/usr/lib/systemd/system/srv-data.mount': '[Unit]\nDescription=Data\n[Mount]\nWhat=tmpfs\nWhere=/srv/data\nType=tmpfs\n[Install]\nWantedBy=local-fs.target\n',
  '/usr/lib/systemd/system/batch.slice': '[Unit]\nDescription=Batch work\n[Slice]\nCPUWeight=50\n',
  '/usr/lib/systemd/system/in-slice.service': '[Service]\nSlice=batch.slice\nExecStart=/bin/sleep 99999\nMemoryMax=512M\nNice=5\n',
  '/usr/lib/systemd/system/goal.target': '[Unit]\nDescription=A goal\nRequires=once.service\nWants=cache.service web.service nowhere.service\nAfter=once.service cache.service\nAllowIsolate=no\n',
  '/usr/lib/systemd/system/loop-a.target': '[Unit]\nWants=loop-b.target\n',
  '/usr/lib/systemd/system/loop-b.target': '[Unit]\nWants=loop-a.target once.service\n',
  '/usr/lib/systemd/system/slow.service': '[Unit]\nDescription=Takes its time\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/after-slow.service': '[Unit]\nAfter=slow.service\nRequires=slow.service\n[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/noreload.service': '[Service]\nExecStart=/bin/sleep 99999\n',
  '/usr/lib/systemd/system/badreload.service': '[Service]\nExecStart=/bin/sleep 99999\nExecReload=/bin/false\n',
  '/usr/lib/systemd/system/badstop.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\nExecStop=/bin/false\n',
  '/usr/lib/systemd/system/enabled.service': '[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\nRequiredBy=goal.target\n',
  '/usr/lib/systemd/system/onlyalso.service': '[Service]\nExecStart=/bin/sleep 99999\n[Install]\nAlso=enabled.service\n',
  '/usr/lib/systemd/system/limited.service': '[Unit]\nStartLimitBurst=1\nStartLimitIntervalSec=1h\n[Service]\nType=oneshot\nExecStart=/bin/true\n',
  '/usr/lib/systemd/system-preset/90-test.preset': 'enable web.service\nenable tpl@.service one two\ndisable *\n',
  '/etc/systemd/system/local.service': '[Unit]\nDescription=Of the administrator\n[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\n',
  '/opt/units/linked.service': '[Unit]\nDescription=From elsewhere\n[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\n',
  '/opt/units/linked2.service': '[Service]\nExecStart=/bin/sleep 99999\n',
};

/** Brings both into the state that the next command lines look at; nothing of it is compared. */
export const STAGE: readonly string[] = [
  'systemctl start web.service once.service gone.service tpl@one.service talk.socket each.socket tidy.timer later.timer inbox.path srv-data.mount in-slice.service noisy.service',
  'systemctl start fails.service; systemctl start dies.service; systemctl start skipped.service; systemctl start asserts.service; sleep 0.5',
];

const OURS = "'web*' 'cache*' 'once*' 'gone*' 'fails*' 'dies*' 'tpl@*' 'talk*' 'tidy*' 'noisy*' 'skipped*' 'srv-*' 'batch*' 'in-*'";
const TERMINALS = [40, 60, 80, 100, 132];

/** A command line on a terminal of so many columns. */
export function onTerminal(columns: number, command: string): string {
  return `TERM=xterm script -qec 'stty cols ${String(columns)} rows 50; ${command.replaceAll("'", `'"'"'`)}' /dev/null < /dev/null`;
}

const LISTS: readonly string[] = [
  `list-units ${OURS}`, `list-units --all ${OURS}`, `list-units --no-legend ${OURS}`, `list-units --plain ${OURS}`, `list-units --plain --no-legend ${OURS}`, `list-units --full --all ${OURS}`,
  'list-units --type=socket', 'list-units -t timer,path', 'list-units --type=service --state=failed', '--failed', '--failed --no-legend', 'list-units --state=running', 'list-units --state=active -t mount srv-data.mount',
  'list-units --type=nothing', 'list-units --state=nothing', 'list-units nothing-like-this*', 'list-units --no-legend nothing*', 'list-units --type=help', 'list-units --all masked.service bad.service', 'list-units -a -t slice',
  `list-units -q ${OURS}`, 'list-units --legend=no web.service', 'list-units --legend=false web.service', 'list-units web', 'list-units --all nowhere.service', 'web.service', '--all --type=automount', 'list-units --reverse', `-a --state=inactive ${OURS}`,
  'list-unit-files', 'list-unit-files --no-legend', 'list-unit-files -t service', 'list-unit-files --state=enabled', 'list-unit-files --state=masked,static -t service', "list-unit-files 'tpl*' 'web*'", 'list-unit-files --state=nonsense', 'list-unit-files nothing*', 'list-unit-files web',
  'list-unit-files --full -t socket', 'list-unit-files -q web.service',
  'list-sockets', 'list-sockets --all', 'list-sockets --no-legend', 'list-sockets --show-types', 'list-sockets nothing*', "list-sockets 'talk*' --full", 'list-sockets talk.service',
  'list-timers', 'list-timers --all', 'list-timers --no-legend', 'list-timers nothing*', 'list-timers tidy.timer',
  'list-paths', 'list-paths --all', 'list-automounts', 'list-jobs', 'list-jobs --no-legend', 'list-machines',
  'list-dependencies goal.target', 'list-dependencies --plain goal.target', 'list-dependencies --all goal.target', 'list-dependencies --reverse web.service', 'list-dependencies --after web.service', 'list-dependencies --before cache.service',
  'list-dependencies nowhere.service', 'list-dependencies tpl@one.service', 'list-dependencies -t service goal.target', 'list-dependencies web', 'list-dependencies --state=active goal.target', 'list-dependencies goal.target once.service', 'list-dependencies', 'list-dependencies --no-legend goal.target', 'list-dependencies batch.slice --reverse', 'LC_ALL=C:list-dependencies goal.target', 'LC_ALL=C:list-units web.service fails.service', 'LC_ALL=C:status web.service -n0', 'list-dependencies --plain --reverse --all cache.service', 'list-dependencies loop-a.target', 'list-dependencies --plain loop-a.target', 'list-dependencies loop-b.target --all',
];

const STATUS: readonly string[] = [
  'sh:for n in 2 5 6 64 75 78 200 203 217 255; do systemctl start exits@$n; systemctl status -n0 exits@$n | grep PID; done', 'sh:systemctl stop tidy.timer; systemctl status -n0 tidy.service',
  ...['web', 'web.service', 'cache', 'once', 'gone', 'fails', 'dies', 'skipped', 'asserts', 'bad', 'noisy', 'masked', 'nowhere', 'manual', 'tpl@one', 'tpl@other', 'talk.socket', 'each.socket', 'tidy.timer', 'later.timer', 'inbox.path', 'srv-data.mount', 'batch.slice', 'goal.target', 'in-slice', 'enabled', 'local', 'web.socket', 'www', 'tpl@', '/srv/data', 'multi-user.target', '-- -.slice', '-- -.mount', 'init.scope', 'tidy.service'].map((unit) => `status -n0 ${unit}`),
  'status -n0 web fails', 'status -n0 fails web', 'status -n0 nowhere web', 'status -n0 web nowhere', 'status -n0 gone once', "status -n0 'tpl@*'", "status -n0 'nothing*'", 'status -n0 --failed', 'status -n0 --all fails', 'status -n0 -l web', 'status -n0 --no-pager --full in-slice', 'status -n0 99999', 'status -n0 -q web', 'status -n0 --state=failed', 'status -n0 -t mount srv-data.mount', 'status --lines=x web', 'status --lines=-1 web', 'status -n0 -o json web', 'status -n0 -o nonsense web', 'status -n0 masked once', 'status -n0 --type=timer', 'status -n0 1',
];

const ASK: readonly string[] = [
  'is-active web', 'is-active web once', 'is-active gone', 'is-active gone web', 'is-active fails', 'is-active fails gone', 'is-active -q web', 'is-active --quiet gone', 'is-active nowhere', 'is-active masked', 'is-active', "is-active 'tpl@*'", "is-active 'nothing*'", 'is-active skipped', 'is-active www', 'is-active web.socket nowhere web', 'is-active goal.target', '--quiet is-active web fails',
  'is-failed web', 'is-failed fails', 'is-failed fails web', 'is-failed web fails', 'is-failed gone', 'is-failed nowhere', 'is-failed -q fails', 'is-failed', "is-failed 'fail*'", 'is-failed masked',
  ...['web', 'www', 'once', 'gone', 'masked', 'nowhere', 'tpl@', 'tpl@one', 'bare@', 'bare@x', 'local', 'web.socket', 'onlyalso', 'bad', 'goal.target', 'srv-data.mount', '/usr/lib/systemd/system/once.service', '/opt/units/linked.service', '/nowhere/x.service', '-q once', '--full enabled', 'web once', 'gone web', 'masked gone', 'once gone nowhere', '--runtime web', '-l local', 'multi-user.target', 'default.target', 'runlevel3.target', '-- -.slice', 'init.scope', 'batch.slice', "'tpl*'"].map((unit) => `is-enabled ${unit}`), 'is-enabled',
  'is-system-running', 'is-system-running -q', 'is-system-running --wait', 'get-default', 'get-default x',
  'cat web', 'cat web once', 'cat nowhere', 'cat masked', 'cat tpl@one', 'cat web.socket nowhere', 'cat', "cat 'tpl@*'", 'cat bad', 'cat -- -.slice', 'cat local', 'cat init.scope',
  'show -p Id,ActiveState web', 'show -p ActiveState -p Id web', 'show -P Id web', 'show -P Id,ActiveState web', 'show --value -p Id,SubState web', 'show -p Id,ActiveState web once gone', 'show -P Id web once', 'show -p NoSuch web', 'show -P NoSuch web', 'show -p Id nowhere', 'show -p LoadState,LoadError nowhere', 'show -p LoadState,LoadError masked', 'show -p LoadState,LoadError bad', 'show -p Names,Following www', 'show -p Version', 'show --property=Environment,SystemState,NFailedUnits,NNames', 'show -p Environment web', 'show -p ExecStart,ExecReload web', "show -p Id 'tpl@*'", "show -p Id 'nothing*'", 'show -a -p OnFailure,Documentation web', 'show -p OnFailure,Documentation web', 'show -p Id 1', 'show -p Id 999999', 'show -p Where,What /srv/data', 'show -p Listen,Triggers talk.socket', 'show -p TimersCalendar,TimersMonotonic,Unit tidy.timer', 'show -p Paths inbox.path', 'show -p Slice,MemoryMax,Nice,CPUWeight in-slice', 'show -p id web', 'show -p FragmentPath,DropInPaths,UnitFileState,UnitFilePreset web', 'show --value -P Id web', 'show -p Id -t service web.service once.service', 'show -p Id web.service nowhere.service x.nosuch', 'show -p CanStart,CanStop,CanReload,CanIsolate,CanFreeze web goal.target', 'show -p Id --state=failed \'*\'',
];

const WRONG: readonly string[] = [
  'nosuchverb', 'start', 'stop', 'restart', 'reload', 'try-restart', 'reload-or-restart', 'enable', 'disable', 'mask', 'unmask', 'kill', 'isolate', 'isolate a b', 'set-default', 'set-default nowhere.target', 'set-default web.service', 'set-property', 'set-property web', 'set-property web NoSuch=1', 'set-property nowhere CPUWeight=5', 'set-property web CPUWeight=abc', 'set-environment', 'set-environment x', 'set-environment =x', 'unset-environment', 'unset-environment =', 'import-environment NOSUCHVAR', 'add-wants', 'add-wants goal.target', 'link', 'link web', 'link /nowhere/x.service', 'link /opt/units/linked.service /opt/nosuffix', 'revert', 'preset', 'cancel 999999', 'cancel x', 'daemon-reload x', 'is-system-running x', 'list-units --nosuchoption', '--nosuchoption', '-Z', 'start --job-mode=nonsense web', 'start --job-mode=help web', 'kill --signal=NOSUCH web', 'kill --kill-whom=nonsense web', 'kill --kill-who=main gone', '--type=', '--output=nonsense list-units', '-H somewhere list-units', '-M nomachine list-units', '--version', '--help', '-h', 'help', '--root=/nowhere is-enabled web', '--root=/nowhere start web', '-p', 'show -p', 'start a@b@c.service', "start 'a b'", 'start nowhere.nosuchtype', 'start ../x', 'start /nowhere/path', 'stop /nowhere/path', 'edit', 'edit nowhere', 'switch-root', 'bind', 'mount-image', 'clean', 'clean nowhere', 'freeze nowhere', 'service-log-level', 'log-level', 'log-level nonsense', 'log-target', 'service-watchdogs', 'service-watchdogs maybe', 'whoami', 'whoami 1', 'show-environment x', 'rescue x', 'default x', 'set-default multi-user', 'get-default', 'start --no-block --wait gone', '--user --global list-units', '--preset-mode=nonsense preset web', '--kill-whom=help', '--signal=help', '--signal=list', '--what=help', '--timestamp=help list-units', '--timestamp=nonsense list-units', 'status -n', '--what=nonsense clean web', '--dry-run', '--image=/nowhere list-unit-files', '--legend=maybe list-units', 'list-units --jobs=1', '--check-inhibitors=nonsense list-units', 'reset-failed nowhere', 'kill nowhere', 'isolate web.service', 'isolate goal.target', 'isolate nowhere.target', 'emergency x', 'help nowhere',
];

const CHANGES: readonly string[] = [
  'start web', 'start gone', 'start fails', 'start dies', 'start after-fails', 'start nowhere', 'start masked', 'start bad', 'start manual', 'stop manual', 'start skipped', 'start asserts', 'start gone fails', 'start nowhere gone', 'start nowhere1 nowhere2', 'start masked fails', 'start -q fails', 'start --quiet nowhere', 'start --no-block fails', 'sh:sleep 0.3', 'start --wait gone', 'start --wait fails', 'start tpl@', 'start tpl@x', "start 'tpl@*'", "stop 'nothing*'", "restart 'tpl@*'", 'stop tpl@x', 'stop nowhere', 'stop masked', 'stop gone', 'stop bad', 'stop gone nowhere', 'restart nowhere', 'restart fails', 'restart masked', 'restart gone', 'try-restart gone', 'try-restart nowhere', 'try-restart masked', 'try-restart web', 'condrestart web', 'force-reload web', 'reload web', 'reload noreload', 'start noreload', 'reload noreload', 'reload gone', 'reload nowhere', 'reload masked', 'reload-or-restart noreload', 'reload-or-restart gone', 'try-reload-or-restart gone', 'reload-or-try-restart web', 'try-reload-or-restart nowhere', 'start badreload', 'reload badreload', 'start badstop', 'stop badstop', 'is-failed badstop', 'start limited', 'start limited', 'reset-failed limited', 'start web.socket', 'stop web.service web.socket', 'start web.socket', 'stop web.socket', 'start web', 'start bad.socket', 'start goal.target', 'stop goal.target', 'start --job-mode=fail web', 'start --fail web', 'start --irreversible web', 'start --ignore-dependencies web', 'start --show-transaction web', 'restart -T web', 'stop -T web',
  'start --no-block slow after-slow', 'sh:sleep 0.5', 'list-jobs', 'list-jobs --no-legend', 'list-jobs --after', 'list-jobs --before --after', "list-jobs 'slow*'", 'list-jobs nothing*', 'list-units slow.service after-slow.service', 'status -n0 slow after-slow', 'is-active slow', 'show -p ActiveState,SubState,Job slow', 'start --job-mode=fail --no-block gone', 'stop --job-mode=fail slow', 'cancel', 'list-jobs', 'stop slow', 'start --no-block slow', 'cancel', 'sh:sleep 0.3', 'is-active slow', 'stop slow after-slow',
  'kill web', 'sh:sleep 0.3', 'is-active web', 'start web', 'kill -s KILL web', 'sh:sleep 0.3', 'is-active web', 'status -n0 web', 'start web', 'kill --signal=SIGUSR1 --kill-whom=main web', 'sh:sleep 0.3', 'is-failed web', 'start web', 'kill -s 15 --kill-whom=control web', 'kill --kill-who=all -s HUP web', 'sh:sleep 0.3', 'is-active web', 'kill -s 0 cache', 'kill gone', 'kill --kill-whom=main gone', 'kill --kill-whom=main-fail gone', 'kill --kill-whom=control-fail cache', "kill 'tpl@*'", 'kill --value=4 -s RTMIN+1 cache', 'start web cache',
  'reset-failed fails', 'is-failed fails', "reset-failed 'dies*'", 'is-failed dies', 'reset-failed',
  'set-property --runtime in-slice CPUWeight=200', 'show -p CPUWeight,DropInPaths in-slice', 'set-property in-slice CPUWeight=300 MemoryMax=1G', 'show -p CPUWeight,MemoryMax,DropInPaths in-slice', 'sh:cat /etc/systemd/system.control/in-slice.service.d/*', 'set-property in-slice MemoryMax=', 'set-property in-slice Nice=3', 'cat in-slice', 'set-property in-slice MemoryMax=10%', 'show -p MemoryMax in-slice', 'revert in-slice', 'show -p CPUWeight,MemoryMax,DropInPaths in-slice',
  'show-environment', 'set-environment A=1 "B=two words"', 'show-environment', 'set-environment "C=\\$x" "D=a\'b"', 'show-environment', 'unset-environment A NOSUCH', 'show-environment', 'sh:FOO=bar systemctl import-environment FOO', 'show-environment', 'unset-environment B C D FOO', 'import-environment A=B',
  'service-log-level web', 'log-level', 'log-level debug', 'log-level info', 'log-target', 'service-watchdogs', 'service-watchdogs no', 'service-watchdogs', 'service-watchdogs yes',
  'daemon-reload', 'sh:echo "# x" >> /usr/lib/systemd/system/cache.service', 'status -n0 cache', 'show -p NeedDaemonReload cache', 'start cache', 'restart cache', 'is-active cache', 'cat cache', 'daemon-reload', 'status -n0 cache',
  'sh:rm /usr/lib/systemd/system/cache.service', 'daemon-reload', 'status -n0 cache', 'is-active cache', 'stop cache', 'status -n0 cache', 'start cache', 'list-units --all cache.service',
  'sh:echo garbage > /usr/lib/systemd/system/once.service', 'daemon-reload', 'status -n0 once', 'restart once', 'is-active once', 'stop once', 'status -n0 once',
  'clean web', 'clean gone', 'freeze noreload', 'is-active noreload', 'show -p FreezerState noreload', 'thaw noreload', 'show -p FreezerState noreload', 'freeze gone',
];

/** Their effect on links is looked at after each. */
const UNIT_FILES: readonly string[] = [
  'enable enabled', 'enable enabled', 'is-enabled enabled', 'disable enabled', 'disable enabled', 'enable web', 'is-enabled www', 'disable www', 'disable web', 'enable tpl@', 'enable tpl@x', 'disable tpl@', 'enable bare@', 'enable bare@x', 'enable gone', 'disable gone', 'enable nowhere', 'disable nowhere', 'enable masked', 'enable onlyalso', 'disable onlyalso', 'enable local', 'disable local', 'enable --now local', 'is-active local', 'disable --now local', 'is-active local', 'enable --runtime local', 'is-enabled local', 'disable local', 'disable --runtime local', 'enable -q local', 'disable -q local', 'enable --no-reload local', 'disable --no-reload local', 'enable --now nowhere', 'enable --now masked', 'enable --now bad', 'enable local enabled', 'reenable local', 'reenable local enabled', 'disable local enabled', 'reenable gone', 'reenable nowhere',
  'mask local', 'mask gone', 'mask gone', 'is-enabled gone', 'start gone', 'status -n0 gone', 'unmask gone', 'unmask gone', 'unmask nowhere', 'mask nowhere', 'is-enabled nowhere', 'unmask nowhere', 'mask --now noreload', 'is-active noreload', 'unmask noreload', 'mask --runtime gone', 'is-enabled gone', 'unmask gone', 'unmask --runtime gone', 'mask tpl@', 'unmask tpl@', 'mask web.service www.service', 'unmask web.service www.service', 'mask -q gone', 'unmask -q gone', 'mask --force local', 'unmask local',
  'link /opt/units/linked.service', 'is-enabled linked', 'enable linked', 'is-enabled linked', 'disable linked', 'is-enabled linked', 'enable /opt/units/linked.service', 'disable linked', 'enable /opt/units/linked2.service', 'link /usr/lib/systemd/system/web.service', 'link --runtime /opt/units/linked2.service', 'disable linked2', 'link /opt/units/nothing.service', 'enable /opt/units/nothing.service', 'enable /nowhere/x',
  'preset web', 'preset local', 'preset gone', 'preset tpl@', 'preset nowhere', 'preset masked', 'preset web local', 'preset --preset-mode=enable-only local', 'preset --preset-mode=disable-only web', 'disable tpl@', 'disable web',
  'add-wants goal.target gone', 'add-wants goal.target gone', 'add-requires goal.target gone local', 'add-wants nowhere.target gone', 'add-wants goal.target nowhere', 'add-wants goal.target masked', 'disable gone', 'list-dependencies --plain goal.target',
  'revert web', 'revert gone', 'revert nowhere', 'revert local', 'set-default graphical', 'get-default', 'set-default graphical.target', 'set-default multi-user.target', 'get-default', 'set-default nowhere', 'set-default tpl@x.service', '-q set-default multi-user.target', 'preset-all', 'preset-all --preset-mode=enable-only', 'unmask masked', 'enable masked', 'disable masked',
  '--root=/ is-enabled web', '--root=/ enable local', '--root=/ disable local', '--root=/ list-unit-files web.service', '--root=/ get-default', '--root=/ mask gone', '--root=/ unmask gone', '--root=/ cat web', '--root=/ set-default graphical.target', '--root=/ set-default multi-user.target', '--root=/ preset web', '--root=/ disable web', '--root=/ status web', '--root=/ start web', '--root=/ daemon-reload', '--root=/ is-active web', '--root=/ list-units',
];

const ON_TERMINAL: readonly string[] = TERMINALS.flatMap((columns) => [
  `list-units ${OURS}`, 'list-unit-files -t service', 'list-timers', 'list-sockets', 'status -n0 web fails', 'list-dependencies goal.target',
].map((words) => onTerminal(columns, `systemctl --no-pager ${words}`)));

const JSON_OUTPUT: readonly string[] = [
  'list-units -o json web.service fails.service', 'list-units --output=json-pretty web.service', 'list-unit-files -o json -t service', 'list-timers -o json', 'list-sockets -o json', 'list-jobs -o json', 'list-dependencies -o json goal.target', 'is-active -o json web', 'list-units -o json nothing*', 'list-unit-files -o json nothing*', 'show -o json -p Id web', 'show-environment -o json', 'get-default -o json', 'list-units --output=cat web.service', 'list-units -o help', 'list-paths -o json', 'list-units --output=json-sse web.service', 'list-units --output=json-seq web.service', 'sh:systemctl start --no-block slow after-slow; sleep 0.3', 'list-jobs -o json', 'list-jobs -o json-pretty', 'list-units -o json slow.service after-slow.service', 'list-units -o json --all web.service slow.service', 'list-unit-files -o json --root=/ masked.service', 'list-timers -o json-pretty', 'list-automounts -o json', 'list-unit-files --output=json-pretty web.service',
];

/** `sh:` before what is no command line of systemctl; `NAME=VALUE:` before one sets an environment variable. */
export const CHAPTERS: Readonly<Record<string, readonly string[]>> = {
  lists: LISTS, json: JSON_OUTPUT, status: STATUS, ask: ASK, terminal: ON_TERMINAL.map((line) => `sh:${line}`), wrong: WRONG, changes: CHANGES, 'unit-files': UNIT_FILES,
};

/** Scenarios of `compare.ts` about systemd.socket(5). */
import type { Scenario } from './scenario.ts';

/** `/c/poke PATH [WORD]`: connects, says the word, prints what it hears until the end, or why it could not. */
const POKE = `#!/usr/bin/python3
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(3)
try:
    s.connect(sys.argv[1]); s.sendall((sys.argv[2] if len(sys.argv) > 2 else 'hi').encode() + b'\\n'); s.shutdown(socket.SHUT_WR)
    print(s.recv(1000).decode().strip() or 'nothing')
except (BrokenPipeError, ConnectionResetError): print('gone')
except Exception as error: print(type(error).__name__)
`;
/** Answers what it was told of its sockets; ends after ARGV[1] connections. */
const SERVE = `#!/usr/bin/python3
import os, socket, sys
n = int(os.environ['LISTEN_FDS'])
s = socket.socket(fileno=3)
for _ in range(int(sys.argv[1])):
    c, _ = s.accept(); c.recv(100)
    c.sendall(f"{n} {os.environ['LISTEN_FDNAMES']} {os.get_blocking(3)} {'TRIGGER_UNIT' in os.environ}\\n".encode()); c.close()
`;
const FILES = { '/c/poke': POKE, '/c/serve': SERVE };
/** Differences that hold for every kind of unit. */
const COMMON: NonNullable<Scenario['differs']> = [
  { line: /says (Job failed|the job failed)/, why: 'the words of a failure are our own' },
  { line: /^start .*-(empty|dgram)\.socket: exit [16]$/, why: 'a unit file that cannot be used is "not configured" in the LSB table' },
];
const SHOW = 'ActiveState,SubState,Result,NConnections,NAccepted,NRefused,FileDescriptorName,Triggers';

export const SOCKET_SCENARIOS: readonly Scenario[] = [
  {
    name: 'socket-simple',
    files: FILES,
    differs: COMMON,
    units: {
      '~.socket': '[Socket]\nListenStream=/run/~.sock\n', '~.service': '[Service]\nExecStart=/c/serve 2\n',
      '~-named.socket': '[Socket]\nListenStream=/run/~-named.sock\nListenDatagram=/run/~-named.dgram\nFileDescriptorName=web\n', '~-named.service': '[Service]\nNonBlocking=no\nExecStart=/c/serve 1\n',
    },
    steps: [
      `start ~.socket`, `show ~.socket ${SHOW}`, 'show ~.service', 'sh /c/poke /run/~.sock', 'sleep 200', `show ~.socket ${SHOW}`, 'show ~.service',
      'stop ~.service', 'sleep 200', `show ~.socket ${SHOW}`, 'sh /c/poke /run/~.sock', 'restart ~.service', 'sleep 200', `show ~.socket ${SHOW}`, 'sh /c/poke /run/~.sock', 'sh /c/poke /run/~.sock',
      'sleep 300', `show ~.socket ${SHOW}`, 'start ~.service', 'stop ~.socket', `show ~.socket ${SHOW}`, 'show ~.service', 'start ~.socket', `show ~.socket ${SHOW}`, 'stop ~.service', 'start ~.socket', 'sh /c/poke /run/~.sock', 'stop ~.socket', 'exists /run/~.sock', 'sh /c/poke /run/~.sock',
      'start ~-named.socket', 'sh /c/poke /run/~-named.sock', 'sleep 200', `show ~-named.socket ${SHOW}`, 'show ~-named.socket Listen',
    ],
  },
  {
    name: 'socket-failures',
    files: FILES,
    differs: COMMON,
    units: {
      '~-missing.socket': '[Socket]\nListenStream=/run/~-missing.sock\n',
      '~-port.socket': '[Socket]\nListenStream=127.0.0.1:7391\nService=~-any.service\n', '~-port-too.socket': '[Socket]\nListenStream=127.0.0.1:7391\nService=~-any.service\n', '~-any.service': '[Service]\nExecStart=/bin/sleep 99\n',
      '~-empty.socket': '[Socket]\nService=~-any.service\n', '~-dgram.socket': '[Socket]\nListenDatagram=/run/~.d\nAccept=yes\n',
      '~-user.socket': '[Socket]\nListenStream=/run/~-user.sock\nSocketUser=nosuchuser\nService=~-any.service\n',
      '~-directory.socket': '[Socket]\nListenStream=/etc/passwd/no.sock\nService=~-any.service\n',
      '~-crash.socket': '[Socket]\nListenStream=/run/~-crash.sock\n', '~-crash.service': '[Service]\nExecStart=/bin/false\n',
      '~-idle.socket': '[Socket]\nListenStream=/run/~-idle.sock\nTriggerLimitBurst=3\nTriggerLimitIntervalSec=30\n', '~-idle.service': '[Unit]\nStartLimitBurst=0\n[Service]\nType=oneshot\nExecStart=/c/say ~ idle\n',
      '~-needs.socket': '[Socket]\nListenStream=/run/~-needs.sock\n', '~-needs.service': '[Unit]\nRequires=~-bad.service\nAfter=~-bad.service\n[Service]\nExecStart=/bin/sleep 99\n', '~-bad.service': '[Unit]\nStartLimitBurst=0\n[Service]\nType=oneshot\nExecStart=/bin/false\n',
    },
    steps: [
      'start ~-missing.socket', 'show ~-missing.socket ActiveState,Result', 'start ~-port.socket', 'start ~-port-too.socket', 'show ~-port-too.socket ActiveState,SubState,Result', 'is-failed ~-port-too.socket', 'reset-failed ~-port-too.socket', 'show ~-port-too.socket ActiveState,SubState,Result',
      'start ~-empty.socket', 'show ~-empty.socket LoadState,ActiveState', 'start ~-dgram.socket', 'show ~-dgram.socket LoadState', 'start ~-user.socket', 'show ~-user.socket ActiveState,Result', 'start ~-directory.socket', 'show ~-directory.socket ActiveState,Result',
      'start ~-crash.socket', 'sh /c/poke /run/~-crash.sock', 'sleep 1500', 'show ~-crash.socket ActiveState,SubState,Result', 'show ~-crash.service ActiveState,SubState,Result', 'sh /c/poke /run/~-crash.sock',
      'start ~-idle.socket', 'sh /c/poke /run/~-idle.sock', 'sleep 1000', 'show ~-idle.socket ActiveState,SubState,Result', 'trace',
      'start ~-needs.socket', 'sh /c/poke /run/~-needs.sock', 'sleep 2500', 'show ~-needs.socket ActiveState,SubState,Result',
    ],
  },
  {
    name: 'socket-commands',
    files: FILES,
    differs: COMMON,
    units: {
      '~.socket': '[Socket]\nListenStream=/run/~.sock\nExecStartPre=/c/say ~ start-pre\nExecStartPost=/c/say ~ start-post\nExecStopPre=/c/say ~ stop-pre\nExecStopPost=/c/say ~ stop-post\nRemoveOnStop=yes\nSymlinks=/run/~.link\n', '~.service': '[Service]\nExecStart=/c/serve 1\n',
      '~-pre.socket': '[Socket]\nListenStream=/run/~-pre.sock\nExecStartPre=/bin/false\nExecStopPre=/c/say ~ never\nExecStopPost=/c/say ~ pre-stop-post\nService=~.service\n',
      '~-post.socket': '[Socket]\nListenStream=/run/~-post.sock\nExecStartPost=/bin/false\nExecStopPre=/c/say ~ post-stop-pre\nExecStopPost=/c/say ~ post-stop-post\nService=~.service\n',
      '~-hang.socket': '[Socket]\nListenStream=/run/~-hang.sock\nExecStartPre=/c/hold ~ x deaf\nTimeoutSec=400ms\nService=~.service\n',
      '~-stop.socket': '[Socket]\nListenStream=/run/~-stop.sock\nExecStopPre=/c/hold ~ y\nTimeoutSec=400ms\nService=~.service\n',
    },
    steps: [
      'start ~.socket', 'sh test -L /run/~.link && echo link', 'stop ~.socket', 'exists /run/~.sock', 'exists /run/~.link', 'trace',
      'start ~-pre.socket', 'show ~-pre.socket ActiveState,SubState,Result', 'start ~-post.socket', 'show ~-post.socket ActiveState,SubState,Result', 'trace',
      'start ~-hang.socket', 'show ~-hang.socket ActiveState,SubState,Result', 'living', 'start ~-stop.socket', 'stop ~-stop.socket', 'show ~-stop.socket ActiveState,SubState,Result',
    ],
  },
  {
    name: 'socket-accept',
    files: FILES,
    differs: [
      { line: /Triggers=/, why: 'instances for connections are not listed as triggered by their socket' },
      { line: /(NAccepted|NRefused)=/, why: 'systemd forgets a socket that is down, and so its counts' },
    ],
    units: {
      '~.socket': '[Socket]\nListenStream=/run/~.sock\nAccept=yes\nMaxConnections=2\n', '~@.service': '[Service]\nExecStart=/bin/sh -c \'read word; echo "$$word $${LISTEN_FDS-none}"\'\nStandardInput=socket\n',
      '~-fd.socket': '[Socket]\nListenStream=/run/~-fd.sock\nAccept=yes\n', '~-fd@.service': '[Service]\nExecStart=/bin/sh -c \'echo "$$LISTEN_FDS $$LISTEN_FDNAMES" >&3\'\n',
      '~-none.socket': '[Socket]\nListenStream=/run/~-none.sock\nAccept=yes\n',
    },
    steps: [
      'start ~.socket', 'sh /c/poke /run/~.sock one', 'sh /c/poke /run/~.sock two', 'sleep 300', `show ~.socket ${SHOW}`,
      'sh (sleep 2 | python3 -c "import socket,time; a=[socket.socket(socket.AF_UNIX) for _ in range(3)]; [s.connect(\'/run/~.sock\') for s in a]; time.sleep(1)") & sleep 0.6', `show ~.socket ${SHOW}`, 'sleep 2500', `show ~.socket ${SHOW}`,
      'stop ~.socket', `show ~.socket ${SHOW}`, 'start ~-fd.socket', 'sh /c/poke /run/~-fd.sock', 'start ~-none.socket', 'sh /c/poke /run/~-none.sock', 'sleep 300', 'show ~-none.socket ActiveState,SubState,Result',
    ],
  },
];

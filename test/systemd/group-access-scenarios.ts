/**
 * What the control groups of units may reach: systemd.resource-control(5), and `bind` of systemctl(1). SocketBindDeny= and
 * RestrictNetworkInterfaces= are not among them: Debian's systemd is built without.
 */
import type { Scenario } from './scenario.ts';

/** Which devices open for reading, which for writing, and of which a node can be made. */
const TRY_DEVICES = `/bin/sh -c 'for each in null zero full random urandom tty ptmx kmsg console pts/0 rtc0 loop-control; do [ -e /dev/$$each ] || continue; `
  + `(: </dev/$$each) 2>&- && echo "$$1 $$each r" >>/t/~; (: >>/dev/$$each) 2>&- && echo "$$1 $$each w" >>/t/~; done; `
  + `for each in 3 5 11; do mknod /tmp/~-$$1-$$each c 1 $$each 2>&- && echo "$$1 1:$$each m" >>/t/~; done; :' sh`;

const DEVICE_SETTINGS: Readonly<Record<string, string>> = {
  auto: 'DevicePolicy=auto',
  closed: 'DevicePolicy=closed',
  'strict-node': 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=/dev/zero r\nDeviceAllow=/dev/full m',
  node: 'DeviceAllow=/dev/kmsg w',
  missing: 'DeviceAllow=/dev/nowhere rw',
  class: 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=char-* r',
  pattern: 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=char-m?m rw',
  number: 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=char-1 rwm',
  'by-number': 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=/dev/char/1:5 rwm',
  block: 'DevicePolicy=strict\nDeviceAllow=/dev/null rw\nDeviceAllow=block-* rwm',
  reset: 'DeviceAllow=/dev/kmsg\nDeviceAllow=',
  private: 'PrivateDevices=yes',
  'private-node': 'PrivateDevices=yes\nDeviceAllow=/dev/kmsg rw',
  clock: 'ProtectClock=yes',
  'clock-closed': 'ProtectClock=yes\nDevicePolicy=closed',
};

/** Packets to itself over the loopback interface, from each address to itself, and which arrive. */
const PING = '#!/usr/bin/perl\nuse Socket;\nuse Socket qw(inet_pton);\nmy ($file, $word, @to) = @ARGV;\nopen(my $log, ">>", "/t/$file");\n'
  + 'for my $to (@to) {\n  my $six = index($to, ":") >= 0;\n  socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);\n'
  + '  my $at = inet_pton($six ? AF_INET6 : AF_INET, $to);\n  bind($s, $six ? pack_sockaddr_in6(0, $at) : pack_sockaddr_in(0, $at)) or do { print $log "$word $to bind: $!\\n"; next };\n'
  + '  send($s, "0123456789", 0, getsockname($s)) or do { print $log "$word $to send: $!\\n"; next };\n'
  + '  my $r = ""; vec($r, fileno($s), 1) = 1;\n  print $log "$word $to ", (select($r, undef, undef, 1) ? "arrived" : "lost"), "\\n";\n}\n';
const ADDRESSES = '127.0.0.1 127.0.0.2 127.1.0.1 ::1';

const ADDRESS_SETTINGS: Readonly<Record<string, string>> = {
  none: '', any: 'IPAddressDeny=any', localhost: 'IPAddressDeny=localhost', 'allow-local': 'IPAddressDeny=any\nIPAddressAllow=localhost',
  within: 'IPAddressAllow=127.0.0.2\nIPAddressDeny=127.0.0.0/24', 'deny-within': 'IPAddressDeny=127.0.0.2\nIPAddressAllow=127.0.0.0/24\nIPAddressDeny=::/0',
  'allow-only': 'IPAddressAllow=10.0.0.0/8',
  'in-slice': 'Slice=~deny.slice', 'in-slice-allowed': 'Slice=~deny.slice\nIPAddressAllow=127.0.0.2',
};

function tried(settings: Readonly<Record<string, string>>, command: (key: string) => string): Pick<Scenario, 'units' | 'steps'> {
  const keys = Object.keys(settings);
  return {
    units: Object.fromEntries(keys.map((key) => [`~-${key}.service`, `[Service]\nType=oneshot\n${settings[key] ?? ''}\nExecStart=${command(key)}\n`])),
    // One after the other: what they write is compared in its order.
    steps: keys.map((key) => `start ~-${key}.service`),
  };
}

export const GROUP_ACCESS_SCENARIOS: readonly Scenario[] = [
  {
    name: 'devices',
    ...tried(DEVICE_SETTINGS, (key) => `${TRY_DEVICES} ${key}`),
  },
  (() => {
    const { units, steps } = tried(ADDRESS_SETTINGS, (key) => `/c/ping ~ ${key} ${ADDRESSES}`);
    return { name: 'addresses', files: { '/c/ping': PING }, units: { ...units, '~deny.slice': '[Slice]\nIPAddressDeny=any\n' }, steps };
  })(),
  {
    name: 'traffic',
    differs: [{ line: /^restart traffic\.service: says Warning/, why: 'systemd asks for a daemon-reload because of a drop-in that it has just written itself' }],
    files: { '/c/ping': PING },
    units: { '~.service': '[Service]\nIPAccounting=yes\nExecStart=/bin/sh -c \'/c/ping ~ counted 127.0.0.1 ::1; exec sleep 99\'\n' },
    steps: [
      'show ~.service IPIngressBytes,IPEgressPackets', 'start ~.service', 'sleep 700', 'show ~.service IPIngressBytes,IPIngressPackets,IPEgressBytes,IPEgressPackets',
      'set-property --runtime ~.service IPAddressDeny=any', 'show ~.service IPEgressBytes,IPEgressPackets', 'restart ~.service', 'sleep 700', 'show ~.service IPEgressBytes,IPEgressPackets',
    ],
  },
  {
    name: 'bind',
    differs: [{ line: /says Failed to bind mount/, why: 'other words' }],
    units: { '~.service': '[Service]\nPrivateMounts=yes\nExecStart=/c/daemon ~\n', '~-shared.service': '[Service]\nExecStart=/c/daemon ~\n' },
    files: { '/srv/~/file': 'content\n' },
    steps: [
      'bind ~.service /srv/~ /mnt', 'start ~.service', 'start ~-shared.service', 'bind ~.service /srv/nowhere /mnt', 'bind ~-shared.service /srv/~ /mnt', 'bind ~.service srv/~', 'bind ~.service /srv/../srv /mnt',
    ],
  },
];

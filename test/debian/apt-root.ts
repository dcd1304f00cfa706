/**
 * The Debian root of `debian-root.ts` as its owner would set it up for Heartwood as PID 1, with the packages that the apt tests install
 * already downloaded: inside the namespaces there is no network.
 */
import type { DebianRoot } from './debian-root.ts';
import { aptInstall, derivedRoot } from './derived-root.ts';

/** Packages of the root, to be installed once more. */
export const INSTALLED = ['redis-server', 'nginx-light', 'cron', 'openssh-server', 'memcached', 'lighttpd', 'rsyslog'] as const;
/** Packages that are not in it yet. */
export const NEW = ['apache2', 'mosquitto', 'haproxy', 'dnsmasq'] as const;
/** haproxy's directory under /run is made by a line in tmpfiles.d. */
const TOOLS = ['systemd-standalone-tmpfiles'] as const;

/** The root, made now if it is not in the cache; or the reason why this machine cannot make it. */
export function aptRoot(): DebianRoot {
  return derivedRoot({
    name: 'apt',
    file: import.meta.filename,
    commands: [
      ['apt-get', 'update'],
      aptInstall(...TOOLS),
      aptInstall('--download-only', ...NEW),
      aptInstall('--download-only', '--reinstall', ...INSTALLED),
    ],
  });
}

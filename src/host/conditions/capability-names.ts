/** Capabilities in the order of their numbers, linux/capability.h of kernel 6.x; names as capabilities(7) has them. */
const CAPABILITY_NAMES = [
  'chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap', 'linux_immutable',
  'net_bind_service', 'net_broadcast', 'net_admin', 'net_raw', 'ipc_lock', 'ipc_owner', 'sys_module', 'sys_rawio', 'sys_chroot',
  'sys_ptrace', 'sys_pacct', 'sys_admin', 'sys_boot', 'sys_nice', 'sys_resource', 'sys_time', 'sys_tty_config', 'mknod', 'lease',
  'audit_write', 'audit_control', 'setfcap', 'mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read',
  'perfmon', 'bpf', 'checkpoint_restore',
] as const;

/** The number of `CAP_NET_ADMIN` or `net_admin`; null when there is no such capability. */
export function capabilityNumber(name: string): number | null {
  const index = (CAPABILITY_NAMES as readonly string[]).indexOf(name.toLowerCase().replace(/^cap_/, ''));
  return index === -1 ? null : index;
}

/** Capabilities by name. Source: capabilities(7), kernel 6.x. */

const NAMES: readonly string[] = [
  'cap_chown', 'cap_dac_override', 'cap_dac_read_search', 'cap_fowner', 'cap_fsetid', 'cap_kill', 'cap_setgid', 'cap_setuid',
  'cap_setpcap', 'cap_linux_immutable', 'cap_net_bind_service', 'cap_net_broadcast', 'cap_net_admin', 'cap_net_raw', 'cap_ipc_lock',
  'cap_ipc_owner', 'cap_sys_module', 'cap_sys_rawio', 'cap_sys_chroot', 'cap_sys_ptrace', 'cap_sys_pacct', 'cap_sys_admin',
  'cap_sys_boot', 'cap_sys_nice', 'cap_sys_resource', 'cap_sys_time', 'cap_sys_tty_config', 'cap_mknod', 'cap_lease',
  'cap_audit_write', 'cap_audit_control', 'cap_setfcap', 'cap_mac_override', 'cap_mac_admin', 'cap_syslog', 'cap_wake_alarm',
  'cap_block_suspend', 'cap_audit_read', 'cap_perfmon', 'cap_bpf', 'cap_checkpoint_restore',
];
const NUMBERS: ReadonlyMap<string, number> = new Map(NAMES.map((name, number) => [name, number]));

/** All capabilities this table knows, by number. */
export const ALL_CAPABILITIES: readonly number[] = NAMES.map((_, number) => number);

/** `cap_chown` for 0; null when the number is not known. */
export function capabilityName(number: number): string | null {
  return NAMES[number] ?? null;
}

export interface CapabilityWords {
  readonly numbers: readonly number[];
  /** The list began with `~`: everything but these. */
  readonly inverted: boolean;
  readonly unknown: readonly string[];
}

/** Reads one assignment of CapabilityBoundingSet= or AmbientCapabilities=. `words` come from the split value. */
export function parseCapabilities(words: readonly string[]): CapabilityWords {
  const inverted = words[0]?.startsWith('~') ?? false;
  const names = inverted ? [(words[0] as string).slice(1), ...words.slice(1)] : words;
  const numbers: number[] = [];
  const unknown: string[] = [];
  for (const name of names.filter((each) => each !== '')) {
    const number = NUMBERS.get(name.toLowerCase());
    if (number === undefined) unknown.push(name);
    else numbers.push(number);
  }
  return { numbers, inverted, unknown };
}

/**
 * The set after one more assignment, as systemd.exec(5) describes: lists add up, `~` lists take away, a first `~` list
 * takes away from everything. `current` null = nothing was assigned yet.
 */
export function mergeCapabilities(current: readonly number[] | null, words: CapabilityWords): readonly number[] {
  const named = new Set(words.numbers);
  if (words.inverted) return (current ?? ALL_CAPABILITIES).filter((number) => !named.has(number));
  return [...new Set([...(current ?? []), ...words.numbers])].sort((a, b) => a - b);
}

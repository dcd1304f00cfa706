/** Controllers of control groups. Source: cgroups(7), systemd.resource-control(5), "Delegate=". */

/** All that systemd knows by name, in its order; the ones with BPF are no controllers of the kernel's. */
export const CONTROLLERS: readonly string[] = [
  'cpu', 'cpuacct', 'cpuset', 'io', 'blkio', 'memory', 'devices', 'pids', 'bpf-firewall', 'bpf-devices', 'bpf-foreign', 'bpf-socket-bind',
  'bpf-restrict-network-interfaces',
];

/** What cgroup v2 has: all that can be delegated. */
export const DELEGATED_CONTROLLERS: readonly string[] = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

export function isController(word: string): boolean {
  return CONTROLLERS.includes(word);
}

/** Known ones among words, each once, in systemd's order. */
export function controllersAmong(words: readonly string[]): readonly string[] {
  return CONTROLLERS.filter((name) => words.includes(name));
}

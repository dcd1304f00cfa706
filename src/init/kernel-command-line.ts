/** What the kernel command line tells the manager of a machine: PRODUCT, "heartwood options"; systemd(1), "Kernel Command Line". */

export interface KernelWishes {
  readonly unit: string | null;
  readonly quiet: boolean;
  readonly logLevel: string | null;
  /** `systemd.setenv=NAME=value`, in order. */
  readonly environment: readonly string[];
  readonly showStatus: string | null;
  /** `systemd.hostname=` */
  readonly hostname: string | null;
}

const SINGLE_WORDS: Readonly<Record<string, string>> = {
  'rescue': 'rescue.target', 'single': 'rescue.target', 's': 'rescue.target', 'S': 'rescue.target', '1': 'rescue.target',
  'emergency': 'emergency.target', '-b': 'emergency.target',
  '2': 'multi-user.target', '3': 'multi-user.target', '4': 'multi-user.target', '5': 'graphical.target',
};

/** Words with double quotes, which the kernel keeps. */
function splitWords(text: string): readonly string[] {
  return (text.match(/(?:[^\s"]|"[^"]*")+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

/** Later words win. Pure. */
export function parseKernelCommandLine(text: string): KernelWishes {
  let unit: string | null = null;
  let quiet = false;
  let logLevel: string | null = null;
  let showStatus: string | null = null;
  let hostname: string | null = null;
  const environment: string[] = [];
  for (const word of splitWords(text)) {
    const at = word.indexOf('=');
    const [key, value] = at === -1 ? [word, null] : [word.slice(0, at), word.slice(at + 1)];
    if (value === null) {
      if (Object.hasOwn(SINGLE_WORDS, key)) unit = SINGLE_WORDS[key] ?? null;
      else if (key === 'quiet') quiet = true;
      continue;
    }
    if (key === 'heartwood.unit' || key === 'systemd.unit') unit = value;
    else if (key === 'heartwood.log_level' || key === 'systemd.log_level') logLevel = value;
    else if (key === 'heartwood.show_status' || key === 'systemd.show_status') showStatus = value;
    else if (key === 'systemd.setenv' && value.includes('=')) environment.push(value);
    else if (key === 'systemd.hostname') hostname = value;
  }
  return { unit, quiet, logLevel, environment, showStatus, hostname };
}

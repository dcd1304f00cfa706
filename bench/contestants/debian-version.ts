import { execFileSync } from 'node:child_process';

/** The installed version of a Debian package without epoch and revision; "?" when it is not installed. */
export function debianVersion(packageName: string): string {
  try {
    const text = execFileSync('dpkg-query', ['-W', '-f', '${Version}', packageName], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
  } catch {
    return '?';
  }
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Contestant } from './contestants/contestant.ts';
import { PM2, PM2_DIRECTORY, PM2_VERSION } from './contestants/pm2.ts';

/** While it exists and says 101, installing a package starts no service. Source: invoke-rc.d(8). */
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Installs what is missing for a contestant, when that is allowed.
 * @returns why the contestant cannot be had; `null` when its programs are there
 */
export function makeAvailable(contestant: Contestant, options: { readonly install: boolean }): string | null {
  const missing = (): string | undefined => contestant.programs.find((path) => !existsSync(path));
  if (missing() === undefined) return null;
  if (options.install && contestant.packages.length > 0) installDebianPackages(contestant.packages);
  if (options.install && contestant === PM2) installPm2();
  const path = missing();
  if (path === undefined) return null;
  if (contestant.packages.length > 0) return `${path} is missing and the Debian package ${contestant.packages.join(', ')} was not installed or is not in this release`;
  return `${path} is missing`;
}

function installDebianPackages(packages: readonly string[]): void {
  const known = packages.every((name) => spawnSync('apt-cache', ['show', '--no-all-versions', name], { stdio: 'ignore' }).status === 0);
  if (!known) return;
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    spawnSync('apt-get', ['install', '--yes', '--quiet=2', '--no-install-recommends', ...packages], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } finally {
    if (ownPolicy) rmSync(POLICY);
  }
}

function installPm2(): void {
  mkdirSync(PM2_DIRECTORY, { recursive: true });
  spawnSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', PM2_DIRECTORY, `pm2@${PM2_VERSION}`], { stdio: ['ignore', 'ignore', 'inherit'] });
}

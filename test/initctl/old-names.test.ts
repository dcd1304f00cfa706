/** shutdown, reboot, telinit and their kin as command lines of systemctl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateOldName } from '../../src/initctl/old-names.ts';

/** At noon. */
function translated(line: string): string {
  const [name = '', ...argv] = line.split(' ');
  const result = translateOldName(name, argv, 12 * 60, '/initctl');
  return result.kind === 'run' ? result.argv.join(' ') : `${String(result.exit)} ${result.text.split('\n')[0] ?? ''}`;
}

test('halt, poweroff and reboot take each other\'s options, and -f does not stop units first', () => {
  const expected: Record<string, string> = {
    reboot: 'reboot', 'halt -p': 'poweroff', 'reboot --poweroff': 'poweroff', 'poweroff --halt': 'halt', 'reboot -f': 'reboot --force --force',
    'halt -fp': 'poweroff --force --force', 'reboot -w': '0 ', 'reboot -d -n --no-wall': 'reboot', 'reboot bootloader': 'reboot', 'halt -z': '1 halt: there is no option -z',
  };
  for (const [line, words] of Object.entries(expected)) assert.equal(translated(line), words, line);
});

test('shutdown goes down now, in minutes or at a time of day, and can be called off', () => {
  const later = (minutes: number, goal: string): string => `run --unit=scheduled-shutdown --on-active=${String(minutes)}min --collect --description=Shutdown that was asked for: ${goal} /initctl ${goal}`;
  const expected: Record<string, string> = {
    'shutdown now': 'poweroff', 'shutdown -h now': 'poweroff', 'shutdown -r +0': 'reboot', 'shutdown -H 0': 'halt', shutdown: later(1, 'poweroff'),
    'shutdown -r +5 back soon': later(5, 'reboot'), 'shutdown 12:30': later(30, 'poweroff'), 'shutdown 11:59': later(24 * 60 - 1, 'poweroff'),
    'shutdown -c': 'stop --quiet scheduled-shutdown.timer', 'shutdown -k now': '0 ', 'shutdown 25:00': '1 shutdown: "25:00" is no time: now, +MINUTES or HH:MM',
  };
  for (const [line, words] of Object.entries(expected)) assert.equal(translated(line), words, line);
});

test('telinit and init change the runlevel, or reload and re-execute the manager', () => {
  const expected: Record<string, string> = {
    'telinit 0': 'poweroff', 'init 6': 'reboot', 'telinit 1': 'rescue', 'telinit s': 'rescue', 'telinit 3': 'isolate runlevel3.target', 'telinit q': 'daemon-reload',
    'init u': 'daemon-reexec', telinit: '1 telinit: which runlevel? 0 to 6, S, or Q and U to reload and re-execute the manager', 'telinit 9': '1 telinit: "9" is no runlevel: 0 to 6, S, Q or U',
  };
  for (const [line, words] of Object.entries(expected)) assert.equal(translated(line), words, line);
});

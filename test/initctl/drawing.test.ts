/** How tables, trees and colours look on terminals of all kinds: `npm run compare:systemctl -- terminal drawn` has the same from a real systemctl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callerTerminal } from '../../src/initctl/caller-terminal.ts';
import { processTree } from '../../src/initctl/process-tree.ts';
import { PLAIN_TERMINAL } from '../../src/initctl/terminal.ts';
import { renderTable } from '../../src/initctl/text/table.ts';
import { widthOf } from '../../src/initctl/text/width.ts';
import { runLine } from './verb-rig.ts';

const drawn = { ...PLAIN_TERMINAL, colour: true, underline: true };

test('a table that is too wide takes from the wide columns, each of which gets as much as the others', () => {
  const row = ['cache.service', 'loaded', 'active', 'running', 'A description that is long'].map((text) => ({ text }));
  assert.equal(renderTable({ header: null, rows: [row] }, { ...PLAIN_TERMINAL, columns: 40 }), 'cache.s… loaded active running A descri…\n');
  assert.equal(renderTable({ header: null, rows: [row], elastic: [] }, { ...PLAIN_TERMINAL, columns: 40 }), 'cache.service loaded active running A description that is long\n');
});

test('no line of a table is wider than the terminal, and nothing is shortened that has room', () => {
  const cell = fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', ' ', 'ü') }).map((text) => ({ text: `x${text}x` }));
  fc.assert(fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 6 }), fc.integer({ min: 8, max: 160 }), (rows, columns) => {
    const lines = renderTable({ header: null, rows }, { ...PLAIN_TERMINAL, columns }).split('\n').slice(0, -1);
    for (const line of lines) assert.ok(widthOf(line) <= columns, `"${line}" fits into ${String(columns)}`);
    const wanted = [0, 1, 2].map((column) => Math.max(...rows.map((row) => widthOf(row[column]?.text ?? ''))));
    if (wanted.reduce((sum, width) => sum + width + 1, -1) <= columns) assert.equal(lines.join('').includes('…'), false);
  }));
});

test('a header is underlined with its gaps, and so is the last row before another type of unit; a console that cannot has neither', () => {
  const unit = (name: string, active: string): unknown => ({ unit: name, description: 'D', load: 'loaded', active, sub: active, sinceUsec: 0, mainPid: null, restarts: 0, job: null });
  const answers = { 'list-units': { nowUsec: 0, units: [unit('a.service', 'failed'), unit('b.service', 'active'), unit('c.socket', 'active')] } };
  const lines = runLine('systemctl list-units --no-legend', answers, drawn).out.split('\n');
  assert.equal(lines[0], '\x1b[0;1;31m●\x1b[0m \x1b[0;1;31ma.service\x1b[0m loaded \x1b[0;1;31mfailed\x1b[0m \x1b[0;1;31mfailed\x1b[0m D');
  assert.ok((lines[1] as string).startsWith('\x1b[0;4m \x1b[0m'), 'b.service is underlined');
  assert.equal(lines[2], '  c.socket  loaded active active D');
  assert.ok(runLine('systemctl list-units', answers, drawn).out.startsWith('\x1b[0;4m \x1b[0m\x1b[0;4m \x1b[0m\x1b[0;4mUNIT\x1b[0m'));
  assert.doesNotMatch(runLine('systemctl list-units', answers, { ...drawn, underline: false }).out, /;4m/);
  assert.match(runLine('systemctl list-units --plain --no-legend', answers, { ...drawn, underline: false }).out, /^a\.service loaded failed failed D\n/);
});

test('$SYSTEMD_COLORS decides on colours, then $NO_COLOR, then the terminal; $COLUMNS goes before its width', () => {
  const tty = { isTTY: true, columns: 80, rows: 24 };
  const terminal = (env: Record<string, string>, stderr: object = tty): ReturnType<typeof callerTerminal> => callerTerminal({ stdout: tty, stderr }, env);
  const colours = (env: Record<string, string>): boolean => terminal({ TERM: 'xterm', ...env }).colour;
  assert.deepEqual([{}, { NO_COLOR: '' }, { TERM: 'dumb' }, { SYSTEMD_COLORS: '0' }, { SYSTEMD_COLORS: 'nonsense' }].map(colours), [true, false, false, false, true]);
  assert.deepEqual([{ SYSTEMD_COLORS: 'yes', NO_COLOR: '1' }, { SYSTEMD_COLORS: '256', TERM: 'dumb' }].map(colours), [true, true]);
  assert.equal(terminal({ TERM: 'xterm' }, {}).colour, false, 'standard error goes elsewhere');
  assert.equal(callerTerminal({ stdout: {}, stderr: {} }, { SYSTEMD_COLORS: '1' }).colour, true);
  assert.deepEqual([{}, { COLUMNS: '50' }, { COLUMNS: '0' }, { COLUMNS: 'x' }].map((env) => terminal(env).columns), [80, 50, 80, 80]);
  assert.equal(callerTerminal({ stdout: {}, stderr: {} }, { COLUMNS: '50' }).columns, 0, 'a file has no width');
  assert.equal(terminal({ TERM: 'linux' }).underline, false);
  assert.deepEqual([{}, { DPKG_MAINTSCRIPT_NAME: 'postinst' }].map((env) => terminal(env).stderrTty), [true, false], 'a package\'s script shows no progress');
});

test('a tree of processes has those of a group before the groups in it', () => {
  const process = (pid: number): { pid: number; command: string } => ({ pid, command: `/bin/p${String(pid)}` });
  const groups = [{ path: '/', processes: [process(1)] }, { path: '/system.slice/a.service', processes: [process(20), process(21)] }, { path: '/system.slice/a.service/sub', processes: [process(3)] }, { path: '/user.slice/b.scope', processes: [process(400)] }];
  assert.deepEqual(processTree(groups, { terminal: PLAIN_TERMINAL, full: true, indent: 0 }), [
    '├─  1 /bin/p1', '├─system.slice', '│ └─a.service', '│   ├─ 20 /bin/p20', '│   ├─ 21 /bin/p21', '│   └─sub', '│     └─  3 /bin/p3', '└─user.slice', '  └─b.scope', '    └─400 /bin/p400',
  ]);
});

test('list-jobs tells who waits for a job, and for whom it waits', () => {
  const job = (number: number, unit: string, waitsForJobs: readonly number[]): unknown => ({ job: number, unit, type: 'start', state: waitsForJobs.length === 0 ? 'running' : 'waiting', createdUsec: 0, startedUsec: 0, deadlineUsec: 0, waitsFor: null, waitsForJobs });
  const answers = { 'list-jobs': { nowUsec: 0, jobs: [job(7, 'a.service', []), job(8, 'b.service', [7])] } };
  assert.deepEqual(runLine('systemctl list-jobs --after --before --no-legend', answers).out.split('\n').map((line) => line.replace(/ +/g, ' ')), [
    ' 7 a.service start running', '└─ blocking job 8 (b.service/start) - -', ' 8 b.service start waiting', '└─ waiting for job 7 (a.service/start) - -', '',
  ]);
  assert.deepEqual(runLine('systemctl list-jobs', answers).requests[0]?.params, { units: [], order: false });
});

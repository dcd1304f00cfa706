import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_STATUS_NAMES } from '../../../src/core/unit-file/value/exit-status.ts';
import {
  parseBoolean, parseCpuRanges, parseCpuWeight, parseInteger, parseMemory, parseMode, parseSize, parseUnsigned, parseWeight,
} from '../../../src/core/unit-file/value/number.ts';
import { parseResourceLimit } from '../../../src/core/unit-file/value/resource-limit.ts';
import { parseSignal, signalName } from '../../../src/core/unit-file/value/signal.ts';
import { saidOf, serviceOf } from './unit-rig.ts';
import type { Signal } from '../../../src/base/brand.ts';

function value<T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false }): T | 'refused' {
  return result.ok ? result.value : 'refused';
}

test('booleans', () => {
  for (const yes of ['1', 'yes', 'Y', 'TRUE', 't', 'on']) assert.equal(value(parseBoolean(yes)), true, yes);
  for (const no of ['0', 'no', 'N', 'False', 'f', 'off']) assert.equal(value(parseBoolean(no)), false, no);
  for (const bad of ['', '2', 'ja', 'yes ']) assert.equal(value(parseBoolean(bad)), 'refused', bad);
});

test('numbers', () => {
  for (const [text, answer] of [['0', 0], ['42', 42], ['+1', 1], ['0x10', 16], ['010', 8], ['4294967295', 4294967295], ['4294967296', 'refused'], ['-1', 'refused'], ['1e3', 'refused'], ['', 'refused']] as const) {
    assert.equal(value(parseUnsigned(text)), answer, text);
  }
  assert.equal(value(parseInteger('-20', -20, 19)), -20);
  assert.equal(value(parseInteger('20', -20, 19)), 'refused');
  assert.ok(Object.is(value(parseInteger('-0', -1, 1)), 0));
});

test('sizes count in 1024s, in falling units, and end below 2^64', () => {
  for (const [text, answer] of [['512', 512], ['1K', 1024], ['1.5M', 1572864], ['1G 500M', 1598029824], ['1G500M', 1598029824], ['2B', 2], ['1M1M', 'refused'], ['1K1M', 'refused'], ['1.5', 1], ['+1', 1], ['x', 'refused'], ['-1', 'refused'], ['99999E', 'refused'], ['', 'refused']] as const) {
    assert.equal(value(parseSize(text)), answer, text);
  }
  assert.equal(value(parseSize('1K', 1000)), 1000);
  assert.deepEqual(value(parseMemory('12.5%')), { percent: 12.5 });
  assert.equal(value(parseMemory('infinity')), 'infinity');
  assert.equal(value(parseMemory('101%')), 'refused');
});

test('modes, weights and sets of CPUs', () => {
  assert.equal(value(parseMode('0750')), 0o750);
  assert.equal(value(parseMode('8')), 'refused');
  assert.equal(value(parseMode('17777')), 'refused');
  assert.equal(value(parseCpuWeight('idle')), 0);
  assert.equal(value(parseWeight('idle')), 'refused');
  assert.equal(value(parseWeight('0')), 'refused');
  assert.deepEqual(serviceOf('CPUAffinity=3 0-1,8\nCPUAffinity=1-2').exec.cpuAffinity, [0, 1, 2, 3, 8]);
  assert.equal(value(parseCpuRanges(['3-1'])), 'refused');
  assert.equal(value(parseCpuRanges(['999999'])), 'refused');
});

test('signals by name, number and distance from the real-time ends', () => {
  for (const [text, answer] of [['SIGTERM', 15], ['TERM', 15], ['15', 15], ['SIGRTMIN', 34], ['SIGRTMIN+3', 37], ['RTMAX-1', 63], ['IOT', 6], ['0', 'refused'], ['65', 'refused'], ['SIGFOO', 'refused'], ['SIG', 'refused'], ['RTMIN-1', 'refused']] as const) {
    assert.equal(value(parseSignal(text)), answer, text);
  }
  for (let signal = 1; signal <= 64; signal += 1) {
    if (signal === 32 || signal === 33) continue;
    assert.equal(value(parseSignal(signalName(signal as Signal))), signal);
  }
});

test('limits know their units', () => {
  assert.deepEqual(value(parseResourceLimit('NOFILE', '1024:65536')), { soft: 1024, hard: 65536 });
  assert.deepEqual(value(parseResourceLimit('CPU', '1min')), { soft: 60, hard: 60 });
  assert.deepEqual(value(parseResourceLimit('CPU', '1500ms')), { soft: 2, hard: 2 });
  assert.deepEqual(value(parseResourceLimit('RTTIME', '5ms')), { soft: 5000, hard: 5000 });
  assert.deepEqual(value(parseResourceLimit('AS', '1G:infinity')), { soft: 2 ** 30, hard: 'infinity' });
  assert.deepEqual(value(parseResourceLimit('NICE', '-5')), { soft: 25, hard: 25 });
  assert.deepEqual(value(parseResourceLimit('NICE', '30')), { soft: 30, hard: 30 });
  assert.equal(value(parseResourceLimit('NOFILE', '2:1')), 'refused');
  assert.equal(value(parseResourceLimit('NOFILE', '')), 'refused');
});

test('sets of exit statuses take numbers, names and signals, and grow by assignments', () => {
  const service = serviceOf('SuccessExitStatus=1 DATAERR SIGUSR1\nSuccessExitStatus=250 NOPE 256');
  assert.deepEqual(service.successExitStatus, { codes: [1, 65, 250], signals: [10] });
  assert.equal(saidOf(service).filter((each) => each.startsWith('warning 4')).length, 2);
  assert.equal(EXIT_STATUS_NAMES.get('EXEC'), 203);
});

test('capabilities add up, and a tilde takes away', () => {
  assert.deepEqual(serviceOf('CapabilityBoundingSet=CAP_CHOWN cap_kill\nCapabilityBoundingSet=CAP_SETUID').exec.capabilityBoundingSet, [0, 5, 7]);
  const all = serviceOf('CapabilityBoundingSet=~CAP_SYS_ADMIN').exec.capabilityBoundingSet;
  assert.ok(all !== null && all.length === 40 && !all.includes(21));
  assert.deepEqual(serviceOf('CapabilityBoundingSet=').exec.capabilityBoundingSet, []);
  assert.equal(serviceOf('').exec.capabilityBoundingSet, null);
});

test('environment: quoted assignments, later ones win, bad ones are named', () => {
  const service = serviceOf('Environment=A=1 "B=x y" C=%n\nEnvironment=A=2 1BAD=3 nothing');
  assert.deepEqual(service.exec.environment, ['B=x y', 'C=a.service', 'A=2']);
  assert.equal(saidOf(service).length, 2);
  assert.deepEqual(serviceOf('Environment=A=1\nEnvironment=').exec.environment, []);
});

test('streams', () => {
  const exec = serviceOf('StandardOutput=append:/var/log/%p.log\nStandardError=null').exec;
  assert.deepEqual(exec.standardOutput, { kind: 'append', path: '/var/log/a.log' });
  assert.deepEqual(exec.standardError, { kind: 'null' });
  assert.deepEqual(serviceOf('').exec.standardOutput, { kind: 'journal' });
  assert.deepEqual(serviceOf('StandardOutput=syslog').exec.standardOutput, { kind: 'journal' });
  assert.deepEqual(serviceOf('StandardInput=tty').exec.standardOutput, { kind: 'inherit' });
  const data = serviceOf('StandardInputText=a "b"\\x21\nStandardInputData=Yw==').exec;
  assert.equal(Buffer.from(data.standardInputData ?? '', 'base64').toString(), 'a "b"!\nc');
  assert.deepEqual(data.standardInput, { kind: 'data' });
});

test('directories are relative, may have links, and refuse to climb', () => {
  const service = serviceOf('RuntimeDirectory=a b/c:link\nStateDirectory=../x /abs private\nRuntimeDirectoryMode=0700');
  assert.deepEqual(service.exec.directories, [{ kind: 'runtime', path: 'a', links: [] }, { kind: 'runtime', path: 'b/c', links: ['link'] }]);
  assert.equal(service.exec.directoryModes.runtime, 0o700);
  assert.equal(saidOf(service).length, 3);
});

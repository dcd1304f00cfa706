import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ArchiveEntry } from '../../initramfs/newc-archive.ts';
import { writeNewcArchive } from '../../initramfs/newc-archive.ts';

interface Member {
  readonly name: string;
  readonly fields: readonly number[];
  readonly data: Buffer;
}

/** Index of a header field in `Member.fields`. */
const INODE = 0;
const MODE = 1;
const UID = 2;
const GID = 3;
const LINKS = 4;
const RDEV_MAJOR = 9;
const RDEV_MINOR = 10;

/** Reads an archive the way the kernel does, and checks what the kernel relies on. */
function readArchive(archive: Buffer): readonly Member[] {
  const members: Member[] = [];
  for (let offset = 0; ; ) {
    assert.equal(archive.toString('latin1', offset, offset + 6), '070701', `a member begins at ${offset}`);
    const fields = Array.from({ length: 13 }, (_, index) => Number.parseInt(archive.toString('latin1', offset + 6 + index * 8, offset + 14 + index * 8), 16));
    const nameBytes = fields[11]!;
    const name = archive.toString('utf8', offset + 110, offset + 110 + nameBytes - 1);
    assert.equal(archive[offset + 110 + nameBytes - 1], 0, 'a name ends with NUL');
    const start = (offset + 110 + nameBytes + 3) & ~3;
    const data = archive.subarray(start, start + fields[6]!);
    offset = (start + fields[6]! + 3) & ~3;
    if (name === 'TRAILER!!!') {
      assert.ok(archive.subarray(offset).every((byte) => byte === 0), 'only zeros follow the trailer');
      return members;
    }
    members.push({ name, fields, data });
  }
}

const SAMPLE: readonly ArchiveEntry[] = [
  { kind: 'file', path: 'usr/bin/true', mode: 0o755, content: Buffer.from('odd') },
  { kind: 'symlink', path: 'bin', target: 'usr/bin' },
  { kind: 'directory', path: 'tmp', mode: 0o1777 },
  { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
];

test('an archive holds each entry once, after its directory, with root as owner', () => {
  const members = readArchive(writeNewcArchive(SAMPLE));
  assert.deepEqual(members.map(({ name }) => name), ['bin', 'dev', 'dev/console', 'tmp', 'usr', 'usr/bin', 'usr/bin/true']);
  assert.deepEqual(members.map(({ fields }) => fields[MODE]!.toString(8)), ['120777', '40755', '20600', '41777', '40755', '40755', '100755']);
  assert.ok(members.every(({ fields }) => fields[UID] === 0 && fields[GID] === 0));
  const console = members.find(({ name }) => name === 'dev/console')!;
  assert.deepEqual([console.fields[RDEV_MAJOR], console.fields[RDEV_MINOR]], [5, 1]);
  assert.equal(members.find(({ name }) => name === 'bin')!.data.toString(), 'usr/bin');
});

// The kernel takes members with the same inode and more than one link as one file.
test('no two members look like links to one file', () => {
  const members = readArchive(writeNewcArchive(SAMPLE));
  assert.equal(new Set(members.map(({ fields }) => fields[INODE])).size, members.length);
  assert.ok(members.every(({ fields, name }) => fields[LINKS] === (['dev', 'tmp', 'usr', 'usr/bin'].includes(name) ? 2 : 1)));
});

test('the order in which entries are given does not show in the archive', () => {
  const reference = writeNewcArchive(SAMPLE);
  fc.assert(fc.property(fc.shuffledSubarray([...SAMPLE], { minLength: SAMPLE.length }), (shuffled) => writeNewcArchive(shuffled).equals(reference)));
});

test('files of any length and name come back unchanged', () => {
  const name = fc.stringMatching(/^[a-zé#+-]{1,40}$/);
  const files = fc.uniqueArray(fc.record({ name, content: fc.uint8Array({ maxLength: 70 }) }), { selector: ({ name }) => name, maxLength: 6 });
  fc.assert(
    fc.property(files, (wanted) => {
      const archive = writeNewcArchive(wanted.map(({ name, content }) => ({ kind: 'file', path: name, mode: 0o644, content })));
      assert.equal(archive.byteLength % 4, 0, 'another archive can follow');
      const read = readArchive(archive).map(({ name, data }) => [name, data.toString('hex')]);
      assert.deepEqual(new Map(read as [string, string][]), new Map(wanted.map(({ name, content }) => [name, Buffer.from(content).toString('hex')])));
    }),
  );
});

test('a path that would leave its place is refused', () => {
  for (const path of ['/etc/passwd', '../up', 'a/../b', 'a//b', './a', '', 'a/']) {
    assert.throws(() => writeNewcArchive([{ kind: 'directory', path, mode: 0o755 }]), /relative and clean/, JSON.stringify(path));
  }
  assert.throws(() => writeNewcArchive([...SAMPLE, { kind: 'symlink', path: 'bin', target: 'sbin' }]), /once/);
  assert.throws(() => writeNewcArchive([...SAMPLE, { kind: 'symlink', path: 'bin/sh', target: 'busybox' }]), /is a directory/);
});

/**
 * Writer for the archive format the kernel unpacks as its first root (`newc`; kernel documentation, driver-api/early-userspace,
 * buffer-format). Written here because the tools that could do it take inode numbers, times and order from the disk; this one takes
 * nothing that is not in the entries, so the same entries give the same bytes on any machine.
 *
 *     archive := member* trailer
 *     member  := "070701" 13*(8 hex digits) name NUL pad4 data pad4
 *     fields  := ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
 */
import { assert } from '../src/base/assert.ts';

/** One member. `path` is relative to the root, without a leading slash; `mode` is the permission bits alone. Owner is always root. */
export type ArchiveEntry =
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly content: Uint8Array }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'character-device'; readonly path: string; readonly mode: number; readonly major: number; readonly minor: number };

const FILE_TYPE_BITS = { directory: 0o040000, file: 0o100000, symlink: 0o120000, 'character-device': 0o020000 } as const;

/**
 * Every file gets this time (2020-01-01T00:00:00Z). Not 0: a file from 1970 looks like a broken clock to many programs.
 */
const MODIFIED_SECONDS = 1_577_836_800;

/** The size field has eight hexadecimal digits. */
const FILE_BYTES_MAX = 0xffff_ffff;

/** Archives are joined end to end; the kernel takes each but the first only at a multiple of four, and skips zeros. */
const ARCHIVE_ALIGNMENT_BYTES = 512;

const TRAILER_NAME = 'TRAILER!!!';

/**
 * @param entries in any order, without the parent directories: those are added with mode 0755
 * @returns the whole archive, members sorted by path so that a directory comes before what is in it
 */
export function writeNewcArchive(entries: readonly ArchiveEntry[]): Buffer {
  const chunks: Uint8Array[] = [];
  let inode = 0;
  for (const entry of sortWithParents(entries)) {
    // Distinct and non-zero, so that no two members ever look like links to one file.
    inode += 1;
    appendMember(chunks, entry, inode);
  }
  appendHeader(chunks, { inode: 0, mode: 0, links: 1, modifiedSeconds: 0, bytes: 0, major: 0, minor: 0, name: TRAILER_NAME });
  appendPadding(chunks, ARCHIVE_ALIGNMENT_BYTES);
  return Buffer.concat(chunks);
}

function sortWithParents(entries: readonly ArchiveEntry[]): readonly ArchiveEntry[] {
  const byPath = new Map<string, ArchiveEntry>();
  for (const entry of entries) {
    assert(isRelativePath(entry.path), `an archive path is relative and clean, not ${JSON.stringify(entry.path)}`);
    assert(!byPath.has(entry.path), `a path is in the archive once, ${entry.path} is there twice`);
    byPath.set(entry.path, entry);
  }
  for (const { path } of entries) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      const known = byPath.get(parent);
      // Unpacked through a link, a member would land outside the directory its name says, and sorting could not keep them in order.
      assert(known === undefined || known.kind === 'directory', `what contains ${path} is a directory, ${parent} is none`);
      if (known === undefined) byPath.set(parent, { kind: 'directory', path: parent, mode: 0o755 });
    }
  }
  return [...byPath.values()].sort((a, b) => compareBytes(a.path, b.path));
}

/** By code unit and never by locale: the order is part of the bytes. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isRelativePath(path: string): boolean {
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
}

function appendMember(chunks: Uint8Array[], entry: ArchiveEntry, inode: number): void {
  const content = contentOf(entry);
  assert(content.byteLength <= FILE_BYTES_MAX, `a member is smaller than 4 GiB, ${entry.path} is not`);
  const isDevice = entry.kind === 'character-device';
  appendHeader(chunks, {
    inode,
    mode: FILE_TYPE_BITS[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode),
    links: entry.kind === 'directory' ? 2 : 1,
    modifiedSeconds: MODIFIED_SECONDS,
    bytes: content.byteLength,
    major: isDevice ? entry.major : 0,
    minor: isDevice ? entry.minor : 0,
    name: entry.path,
  });
  chunks.push(content);
  chunks.push(padding(content.byteLength, 4));
}

function contentOf(entry: ArchiveEntry): Uint8Array {
  if (entry.kind === 'file') return entry.content;
  return entry.kind === 'symlink' ? Buffer.from(entry.target) : Buffer.alloc(0);
}

interface Header {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly modifiedSeconds: number;
  readonly bytes: number;
  readonly major: number;
  readonly minor: number;
  readonly name: string;
}

function appendHeader(chunks: Uint8Array[], header: Header): void {
  const name = Buffer.from(`${header.name}\0`);
  const { inode, mode, links, modifiedSeconds, bytes, major, minor } = header;
  const fields = [inode, mode, 0, 0, links, modifiedSeconds, bytes, 0, 0, major, minor, name.byteLength, 0];
  const text = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`, 'latin1');
  chunks.push(text, name, padding(text.byteLength + name.byteLength, 4));
}

function appendPadding(chunks: Uint8Array[], alignment: number): void {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  chunks.push(padding(bytes, alignment));
}

function padding(bytes: number, alignment: number): Uint8Array {
  return Buffer.alloc((alignment - (bytes % alignment)) % alignment);
}

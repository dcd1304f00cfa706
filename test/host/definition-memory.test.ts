/** Definitions that outlive an engine: the next one reads no unit file that is as it was. */
import assert from 'node:assert/strict';
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, statSync, appendFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Fd, UnitName } from '../../src/base/brand.ts';
import { isUnitName } from '../../src/core/unit/unit-name.ts';
import { BUILT_IN_DEFAULTS } from '../../src/core/unit-file/unit-defaults.ts';
import { DefinitionMemory } from '../../src/host/checkpoint/definition-memory.ts';
import type { KeptFds } from '../../src/host/checkpoint/kept-fds.ts';
import { readUnitFile } from '../../src/host/unit-loader/read-unit-file.ts';
import { readSpecifierFacts } from '../../src/host/unit-loader/specifier-facts.ts';
import { createUnitLoader, type UnitLoader } from '../../src/host/unit-loader/unit-loader.ts';

const SHIPPED = join(import.meta.dirname, '../../units/system');
/** What has changed within the last two seconds has no stamp (file-stamp.ts). */
const STAMPED_AFTER_MSEC = 2500;
const NAMES = readdirSync(SHIPPED).filter((name): name is UnitName => isUnitName(name));
const SPECIFIERS = readSpecifierFacts({ mode: 'system', root: '', uid: 0, gid: 0, environment: {}, runtimeRoot: '/run' });

/** What lives through the deaths of engines, with a file in the place of the memfd. */
class Life {
  readonly directory = mkdtempSync(join(tmpdir(), 'heartwood-definitions-'));
  readonly units = join(this.directory, 'units');
  readonly kept = new Set<Fd>();
  readonly open = new Set<Fd>();
  fileCount = 0;

  constructor(t: TestContext) {
    cpSync(SHIPPED, this.units, { recursive: true });
    t.after(() => {
      for (const fd of this.open) closeSync(fd);
      rmSync(this.directory, { recursive: true });
    });
  }

  get file(): string {
    return join(this.directory, `memory-${String(this.fileCount)}`);
  }

  /** An engine: its loader with what a former one left, and what it reads from now on. */
  engine(life = 'one'): { readonly loader: UnitLoader; readonly read: string[]; readonly memory: DefinitionMemory; writeAll(): void } {
    const read: string[] = [];
    const loader = createUnitLoader({
      mode: 'system', hasDevices: false, directories: [this.units], root: '', defaults: BUILT_IN_DEFAULTS, specifiers: SPECIFIERS,
      readUnitFile: (path) => {
        read.push(path);
        return readUnitFile(path);
      },
    });
    const inherited = [...this.kept].map((fd) => [fd, { is: 'definitions' }] as const);
    const timers: (() => void)[] = [];
    const memory = new DefinitionMemory({
      native: {
        memfd: () => {
          this.fileCount += 1;
          const fd = openSync(this.file, 'w+') as Fd;
          this.open.add(fd);
          return fd;
        },
        write: (fd, data) => writeSync(fd, data),
        close: (fd) => {
          this.open.delete(fd);
          closeSync(fd);
          return 0;
        },
      },
      kept: { keep: (fd) => { this.kept.add(fd); }, drop: (fd) => { this.kept.delete(fd); }, forget: () => undefined, inherited: (() => inherited) as unknown as KeptFds['inherited'] },
      definitions: loader.kept, life: () => life, setTimer: (callback) => { timers.push(callback); },
    });
    memory.restore();
    const writeAll = (): void => {
      memory.begin();
      for (let next = timers.shift(); next !== undefined; next = timers.shift()) next();
    };
    return { loader, read, memory, writeAll };
  }
}

async function untilStamped(): Promise<void> {
  await new Promise((done) => { setTimeout(done, STAMPED_AFTER_MSEC); });
}

const NONE = (): undefined => undefined;

test('the engine after a death has the definitions of the one before, and reads only what has changed', async (t) => {
  const life = new Life(t);
  await untilStamped();
  const first = life.engine();
  const definitions = first.loader.loadClosure(NAMES, NONE);
  assert.ok(first.read.length >= 20, `${String(first.read.length)} files were read`);
  first.writeAll();
  assert.equal(life.kept.size, 1);

  const second = life.engine();
  // To the last field: a definition has nothing that JSON cannot say.
  assert.deepEqual(second.loader.loadClosure(NAMES, NONE), definitions);
  const timers = NAMES.filter((name) => name.endsWith('.timer'));
  assert.deepEqual(second.read.filter((path) => !timers.some((timer) => path.endsWith(timer))), []);
  const before = statSync(life.file).size;
  second.writeAll();
  assert.ok(statSync(life.file).size - before < before / 2, 'what is written down already is not written again');

  const changed = NAMES.find((name) => name.endsWith('.service')) as UnitName;
  appendFileSync(join(life.units, changed), '\n[Unit]\nDescription=Something else\n');
  const third = life.engine();
  assert.equal(third.loader.loadClosure([changed], NONE).find(({ name }) => name === changed)?.description, 'Something else');
  assert.deepEqual(third.read.filter((path) => path.endsWith('.service')), [join(life.units, changed)]);
});

test('what another build or configuration left is not used, nor what was not finished', async (t) => {
  const life = new Life(t);
  await untilStamped();
  const first = life.engine();
  first.loader.loadClosure(NAMES, NONE);
  first.writeAll();
  const whole = life.engine();
  const lineCount = whole.loader.kept.size;
  // The engine died while it wrote the last line.
  truncateSync(life.file, statSync(life.file).size - 10);
  const torn = life.engine();
  assert.equal(torn.loader.kept.size, lineCount - 1);
  torn.writeAll();
  assert.equal(life.engine().loader.kept.size, lineCount - 1, 'it is written anew, and not behind half a line');
  truncateSync(life.file, 3);
  assert.equal(life.engine().loader.kept.size, 0);
  assert.deepEqual([life.kept.size, life.open.size], [0, 0], 'a memory that is of no use is closed');

  const second = life.engine();
  second.loader.loadClosure(NAMES, NONE);
  second.writeAll();
  const other = life.engine('two');
  assert.equal(other.loader.kept.size, 0);
  other.loader.loadClosure(NAMES, NONE);
  assert.ok(other.read.length >= 20);
});

/**
 * Units that were made through the gateway: the ones of the origin `gateway` in the manager's eyes. Which they are is read from the
 * manager each time, so that the gateway may die and forget.
 */
import type { SyncAnswer } from '../control/answers.ts';
import { HttpProblem } from './http/http-problem.ts';
import type { ManagerLink } from './manager-link.ts';

const ORIGIN = 'gateway';
/** The last line of a unit file of ours, as the manager writes it. */
const MARK = `\n\n# Kept by sync from ${ORIGIN}\n`;

/** A template; none can be made through the gateway, and the manager has nothing to say of one. */
const TEMPLATE = /@\.[a-z]+$/;

/** Where the manager keeps no synced units: packages' files and the administrator's. */
const FOREIGN = /^\/(usr|lib|etc)\//;

/** One change after the other: each replaces the whole set. */
let last: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work, work);
  last = mine.catch(() => undefined);
  return mine;
}

async function ownUnits(link: ManagerLink): Promise<Map<string, string>> {
  const files = (await link.ask('list-unit-files', {})).files.filter(({ unit, path }) => !FOREIGN.test(path) && !TEMPLATE.test(unit));
  if (files.length === 0) return new Map();
  const { units } = await link.ask('cat', { units: files.map(({ unit }) => unit) });
  const own = new Map<string, string>();
  for (const { unit, files: texts } of units) {
    const text = texts.find(({ path, text: whole }) => path.endsWith(`/${unit}`) && whole.endsWith(MARK))?.text;
    if (text !== undefined) own.set(unit, text.slice(0, -MARK.length));
  }
  return own;
}

function sync(link: ManagerLink, units: ReadonlyMap<string, string>): Promise<SyncAnswer> {
  return link.ask('sync-units', { origin: ORIGIN, units: [...units].map(([name, text]) => ({ name, text })), wait: true }, true);
}

/** Makes the unit, or changes it. */
export function setOwnUnit(link: ManagerLink, unit: string, text: string): Promise<SyncAnswer> {
  return inTurn(async () => sync(link, (await ownUnits(link)).set(unit, text.replace(/\n+$/, ''))));
}

/** @throws HttpProblem 404 when it was not made here */
export function removeOwnUnit(link: ManagerLink, unit: string): Promise<SyncAnswer> {
  return inTurn(async () => {
    const own = await ownUnits(link);
    if (!own.delete(unit)) throw new HttpProblem(404, 'no-such-unit', `${unit} was not made through the gateway`, { unit });
    return sync(link, own);
  });
}

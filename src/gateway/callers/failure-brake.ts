/**
 * Slows down who tries credentials: after some that were wrong, those from the same address are refused unseen for a while, which doubles
 * with each further one. What is right counts as nothing and forgives nothing: an owner of one token is not to try others for free.
 */
import { isIPv6 } from 'node:net';
import { BRAKE_ADDRESSES_MAX, BRAKE_FREE_FAILURES, BRAKE_MEMORY_MSEC, BRAKE_PAUSE_MAX_MSEC, BRAKE_PAUSE_MIN_MSEC } from '../limits.ts';

interface Failures {
  readonly failures: number;
  readonly lastMsec: number;
  /** Refused until then. */
  readonly untilMsec: number;
}

export class FailureBrake {
  readonly #now: () => number;
  /** By address, the one that failed longest ago first. */
  readonly #records = new Map<string, Failures>();

  /** @param now milliseconds of a clock that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** @returns for how many milliseconds credentials from there are still refused; 0 = they are looked at */
  pauseMsec(address: string | undefined): number {
    const record = this.#records.get(placeOf(address));
    return record === undefined ? 0 : Math.max(0, record.untilMsec - this.#now());
  }

  /** Credentials from there were wrong. @returns how many were by now */
  onWrong(address: string | undefined): number {
    const place = placeOf(address);
    const now = this.#now();
    const before = this.#records.get(place);
    const failures = before === undefined || now - before.lastMsec > BRAKE_MEMORY_MSEC ? 1 : before.failures + 1;
    const over = failures - BRAKE_FREE_FAILURES;
    const pauseMsec = over < 0 ? 0 : Math.min(BRAKE_PAUSE_MIN_MSEC * 2 ** over, BRAKE_PAUSE_MAX_MSEC);
    this.#records.delete(place);
    this.#records.set(place, { failures, lastMsec: now, untilMsec: now + pauseMsec });
    for (const [oldest] of this.#records) {
      if (this.#records.size <= BRAKE_ADDRESSES_MAX) break;
      this.#records.delete(oldest);
    }
    return failures;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#records.size;
  }
}

/** Of IPv6 the network: whoever has one address of it has all of them. A local socket is one place. */
function placeOf(address = 'local'): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...middle, ...back].slice(0, 4).map((part) => part.padStart(4, '0')).join(':')}::/64`;
}

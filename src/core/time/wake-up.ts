/**
 * When to wake up for something that may happen a little later than asked for, so that many such things share one wake-up.
 *
 * Instants are drawn to a grid of whole minutes, or failing that of 10 s, 1 s, 250 ms. Where the grid begins differs from machine to
 * machine, or a thousand of them would start their nightly work in the same second. Source: AccuracySec= of systemd.timer(5).
 */
const GRIDS_USEC = [60_000_000, 10_000_000, 1_000_000, 250_000] as const;

/**
 * The latest instant between the two that is on the coarsest grid that has one there.
 *
 * @param earliestUsec the instant asked for
 * @param latestUsec   the last one allowed
 * @param offsetUsec   where the machine's grid begins
 */
export function wakeUpBetween(earliestUsec: number, latestUsec: number, offsetUsec: number): number {
  for (const grid of GRIDS_USEC) {
    const offset = offsetUsec % grid;
    const at = Math.floor((latestUsec - offset) / grid) * grid + offset;
    if (at >= earliestUsec) return at;
  }
  return latestUsec;
}

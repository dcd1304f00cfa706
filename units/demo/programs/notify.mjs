/**
 * Talks to the service manager. Node cannot send unix datagrams, so a small program of Heartwood's does.
 */
import { execFile } from 'node:child_process';

const HELPER = '/run/demo/notify';

/** @param {...string} assignments as in sd_notify(3): READY=1, STATUS=..., WATCHDOG=1 */
export function notify(...assignments) {
  execFile(HELPER, assignments, (error) => {
    if (error !== null) console.error(`the manager could not be told ${assignments.join(' ')}: ${error.message}`);
  });
}

/** Sends a sign of life three times in each period the unit's WatchdogSec= allows. */
export function keepAlive() {
  const periodUsec = Number(process.env.WATCHDOG_USEC ?? 0);
  if (periodUsec > 0) setInterval(() => notify('WATCHDOG=1'), periodUsec / 3000).unref();
}

/** Telling a manager above us how we are: sd_notify(3) from the other side, when we were started with $NOTIFY_SOCKET. */
import type { NativeBinding } from './native.ts';

export interface OuterManager {
  /** Sends one message; nobody listening is nobody's fault. */
  tell(message: string): void;
}

/**
 * Takes the socket's address out of the environment, so that services do not report to the wrong manager.
 */
export function findOuterManager(native: NativeBinding, environment: Record<string, string | undefined>): OuterManager {
  const address = environment['NOTIFY_SOCKET'];
  delete environment['NOTIFY_SOCKET'];
  return {
    tell(message) {
      if (address === undefined || address === '') return;
      const fd = native.unixConnect(address, 'datagram');
      if (typeof fd === 'string') return;
      native.send(fd, Buffer.from(message, 'utf8'));
      native.close(fd);
    },
  };
}

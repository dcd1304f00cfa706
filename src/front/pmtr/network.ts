/** What pmtr tells and hears by UDP. */
import { createSocket, type Socket } from 'node:dgram';
import type { Destination } from './config.ts';

const REPORT_INTERVAL_MSEC = 10_000;

export interface Orders {
  listen(on: readonly Destination[]): void;
}

/** Datagrams `enable NAME…` and `disable NAME…`. */
export function listenForOrders(obey: (names: readonly string[], enabled: boolean) => void, say: (line: string) => void): Orders {
  const sockets = new Map<string, Socket>();
  return {
    listen(on) {
      const wanted = new Map(on.map((place) => [`${place.host}:${String(place.port)}`, place]));
      for (const [key, socket] of sockets) {
        if (wanted.has(key)) continue;
        socket.close();
        sockets.delete(key);
      }
      for (const [key, place] of wanted) {
        if (sockets.has(key)) continue;
        const socket = createSocket('udp4');
        socket.on('error', (error) => { say(`cannot listen on udp://${key}: ${error.message}`); });
        socket.on('message', (bytes) => {
          const [word, ...names] = bytes.toString().trim().split(/\s+/);
          if (word === 'enable' || word === 'disable') obey(names, word === 'enable');
          else say(`control message "${word?.slice(0, 40) ?? ''}" is neither enable nor disable`);
        });
        socket.bind(place.port, place.host);
        sockets.set(key, socket);
      }
    },
  };
}

export interface Report {
  sendTo(destinations: readonly Destination[]): void;
}

/** Every ten seconds one packet for each destination. */
export function reportJobs(text: () => string): Report {
  let destinations: readonly Destination[] = [];
  let timer: NodeJS.Timeout | undefined;
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  const send = (): void => {
    for (const { host, port, through } of destinations) {
      if (through !== null) socket.setMulticastInterface(through);
      socket.send(text(), port, host, () => undefined);
    }
  };
  return {
    sendTo(next) {
      destinations = next;
      if (next.length > 0 && timer === undefined) timer = setInterval(send, REPORT_INTERVAL_MSEC);
      if (next.length === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    },
  };
}

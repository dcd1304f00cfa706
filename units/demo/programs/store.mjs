/** Counts visits behind a unix socket: each connection is one visit and gets the number so far. */
import { createServer } from 'node:net';
import { rmSync } from 'node:fs';
import { keepAlive, notify } from './notify.mjs';

const SOCKET = '/run/shop/store.sock';

let visits = 0;
const server = createServer((visitor) => {
  visits += 1;
  visitor.on('error', () => visitor.destroy());
  visitor.end(`${visits}\n`);
  notify(`STATUS=Visits so far: ${visits}`);
});
rmSync(SOCKET, { force: true });
server.listen(SOCKET, () => {
  notify('READY=1', 'STATUS=No visit yet');
  keepAlive();
});
process.on('SIGTERM', () => {
  console.log(`closing after ${visits} visits`);
  server.close(() => process.exit(0));
});

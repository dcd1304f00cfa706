/** The shop window: one page with the goods and the number of visits. Takes the next port when its own is taken. */
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { notify } from './notify.mjs';

const PORTS_TRIED = 20;
const firstPort = Number(process.env.PORT ?? 8080);

function countVisit() {
  return new Promise((resolve) => {
    let answer = '';
    connect('/run/shop/store.sock')
      .on('data', (chunk) => (answer += chunk))
      .on('end', () => resolve(answer.trim()))
      .on('error', () => resolve('unknown, the store is closed'));
  });
}

const server = createServer(async (_request, response) => {
  const goods = readFileSync('/run/shop/goods', 'utf8').trim().split('\n').join(', ');
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`Today: ${goods}.\nVisits: ${await countVisit()}.\n`);
});

function listen(port) {
  server.once('error', (error) => {
    if (error.code !== 'EADDRINUSE' || port >= firstPort + PORTS_TRIED) throw error;
    listen(port + 1);
  });
  server.listen(port, '127.0.0.1', () => {
    server.removeAllListeners('error');
    console.log(`open at http://127.0.0.1:${port}/`);
    notify('READY=1', `STATUS=Open at http://127.0.0.1:${port}/`);
  });
}

listen(firstPort);
process.on('SIGTERM', () => process.exit(0));

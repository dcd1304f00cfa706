/** The gateway: a process of its own between HTTP and the control socket. */
import { existsSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { findPlaces } from '../initctl/client/places.ts';
import { openApiDocument } from './api/openapi.ts';
import { ConfigurationError, exposureProblem, readAddress, readConfiguration, type Address } from './configuration.ts';
import { Gateway } from './gateway.ts';
import { createBoundedServer } from './http/bounded-server.ts';
import { SelfContainedPage } from './http/self-contained-page.ts';
import { inheritedSockets } from './inherited-sockets.ts';
import { ManagerLink } from './manager-link.ts';
import { makeSecret } from './make-secret.ts';
import { HELP, readOptions, type Options } from './options.ts';

declare const HEARTWOOD_VERSION: string | undefined;
const VERSION = typeof HEARTWOOD_VERSION === 'string' ? HEARTWOOD_VERSION : '(not built)';

const USUAL_CONFIGURATION = '/etc/heartwood/gateway.conf';
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** Answers in hand are given until then. */
const STOP_LIMIT_MSEC = 3_000;
const MSEC_PER_SECOND = 1000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') return complain(`${options}\n(heartwood-gateway --help tells more)`, EXIT_USAGE);
  if (options.only === 'help') return print(HELP);
  if (options.only === 'version') return print(`heartwood-gateway ${VERSION}\n`);
  if (options.only === 'openapi') return print(`${JSON.stringify(openApiDocument(VERSION), null, 2)}\n`);
  const [word] = options.words;
  if (word === 'token' || word === 'password') {
    const made = await makeSecret(options.words);
    if (typeof made === 'string') return complain(made, EXIT_USAGE);
    if (made.aside !== '') process.stderr.write(`${made.aside}\n`);
    return print(`${made.line}\n`);
  }
  if (word !== undefined) return complain(`what is "${word}"? (heartwood-gateway --help tells more)`, EXIT_USAGE);
  try {
    return await serve(options);
  } catch (error) {
    if (error instanceof ConfigurationError) return complain(error.message, EXIT_USAGE);
    return complain(error instanceof Error ? error.message : String(error), EXIT_FAILED);
  }
}

async function serve(options: Options): Promise<number> {
  const configuration = readConfiguration(options.config ?? (existsSync(USUAL_CONFIGURATION) ? USUAL_CONFIGURATION : null));
  const addresses = options.listen.length === 0 ? configuration.listen : options.listen.map((text) => {
    const address = readAddress(text);
    if (address === null) throw new ConfigurationError(`--listen: "${text}" is not ADDRESS:PORT`);
    return address;
  });
  const inherited = inheritedSockets(process.env, process.pid);
  if (inherited.length === 0) refuseExposure(exposureProblem(configuration, addresses.map(({ host }) => host)));
  if (options.only === 'check') return print('The configuration can be used.\n');
  const places = findPlaces({ user: options.user, socket: options.socket }, process.env, process.getuid?.() ?? 0);
  const gateway = new Gateway({ configuration, link: new ManagerLink(places.controlSocket), dashboard: new SelfContainedPage(readFileSync(join(import.meta.dirname, 'dashboard.html'), 'utf8')), version: VERSION });
  const scheme = configuration.tls === null ? 'http' : 'https';
  const servers: Server[] = [];
  for (const place of inherited.length > 0 ? inherited : addresses) {
    const server = createBoundedServer(configuration.tls, (request, response) => { gateway.handle(request, response); });
    await listen(server, place);
    servers.push(server);
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) {
      refuseExposure(exposureProblem(configuration, [bound.address]));
      process.stderr.write(`gateway: listening on ${scheme}://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/\n`);
    } else process.stderr.write(`gateway: listening on ${bound ?? 'a socket'}\n`);
  }
  return await new Promise<number>((resolve) => {
    const stop = (): void => {
      for (const server of servers) {
        server.close();
        server.closeIdleConnections();
      }
      setTimeout(() => { resolve(0); }, STOP_LIMIT_MSEC).unref();
      void Promise.all(servers.map((server) => new Promise((closed) => server.on('close', closed)))).then(() => { resolve(0); });
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    if (options.exitIdleSeconds !== null) stopWhenIdle(servers, options.exitIdleSeconds, stop);
  });
}

/** What a socket unit listens on is not lost by this: it waits there for the next gateway. */
function stopWhenIdle(servers: readonly Server[], seconds: number, stop: () => void): void {
  let busyMsec = performance.now();
  const look = setInterval(() => {
    void Promise.all(servers.map((server) => new Promise<number>((resolve) => { server.getConnections((_, count) => { resolve(count); }); }))).then((counts) => {
      if (counts.some((count) => count > 0)) busyMsec = performance.now();
      if (performance.now() - busyMsec < seconds * MSEC_PER_SECOND) return;
      clearInterval(look);
      stop();
    });
  }, Math.min(seconds, 10) * MSEC_PER_SECOND);
}

function refuseExposure(problem: string | null): void {
  if (problem !== null) throw new ConfigurationError(problem);
}

function listen(server: Server, place: Address | number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(typeof place === 'number' ? { fd: place } : place, () => {
      server.off('error', reject);
      server.on('error', (error) => { process.stderr.write(`gateway: ${error.message}\n`); });
      resolve();
    });
  });
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function complain(text: string, status: number): number {
  process.stderr.write(`heartwood-gateway: ${text}\n`);
  return status;
}

main().then(
  (status) => { process.exit(status); },
  (error: unknown) => {
    process.stderr.write(`heartwood-gateway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(EXIT_FAILED);
  },
);

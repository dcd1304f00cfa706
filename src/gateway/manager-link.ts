/** The gateway's one connection to the manager: made anew when it is lost, shared by all requests, and never overfilled. */
import type { Answer } from '../control/answers.ts';
import type { ErrorName } from '../control/error-codes.ts';
import type { Given, Method } from '../control/requests.ts';
import { ManagerConnection } from '../initctl/client/manager-connection.ts';
import { HttpProblem } from './http/http-problem.ts';
import { MANAGER_REQUESTS_MAX, MANAGER_RETRY_MSEC, MANAGER_WAITS_MAX } from './limits.ts';

/** As the manager sends it: `change` is `unit`, `job-new`, `job-running` or `job-removed`. */
export type Change = Readonly<Record<string, unknown>>;

/** Errors of the manager as a status. What is not here is 500. */
const STATUS_OF_FAILURE: Readonly<Partial<Record<ErrorName, number>>> = {
  'invalid-params': 400, 'invalid-unit-name': 400, 'access-denied': 403, 'no-such-unit': 404, 'no-such-job': 404,
  'transaction-refused': 409, 'transaction-destructive': 409, 'unit-masked': 409, 'load-failed': 409, 'refused-manually': 409, 'not-applicable': 409, 'no-process': 409,
  'unit-exists': 409, 'unit-file-refused': 409, 'shutting-down': 503, 'in-rescue': 503, 'too-many-requests': 503, 'answer-too-large': 503,
};

export class ManagerLink {
  readonly #socketPath: string;
  readonly #listeners = new Set<(change: Change) => void>();
  #connection: ManagerConnection | null = null;
  #opening: Promise<ManagerConnection | string> | null = null;
  #running = 0;
  #waiting = 0;

  /** @param socketPath of the control socket */
  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /**
   * @param waits whether the answer may take as long as a job
   * @throws HttpProblem 503 when there is no manager or too much is asked, and what the manager refuses
   */
  async ask<M extends Method>(method: M, params: Given<M>, waits = false): Promise<Answer<M>> {
    if (this.#running >= MANAGER_REQUESTS_MAX || (waits && this.#waiting >= MANAGER_WAITS_MAX)) {
      throw new HttpProblem(503, 'too-many-requests', 'too many requests wait for the manager', { headers: { 'Retry-After': '1' } });
    }
    this.#running += 1;
    if (waits) this.#waiting += 1;
    try {
      const connection = await this.#open();
      if (typeof connection === 'string') throw new HttpProblem(503, 'no-manager', connection, { headers: { 'Retry-After': '1' } });
      const reply = await connection.request(method, params);
      if (reply.ok) return reply.value;
      const { name, message, unit } = reply.failure;
      if (connection.isLost) throw new HttpProblem(503, 'no-manager', message, { headers: { 'Retry-After': '1' } });
      throw new HttpProblem(STATUS_OF_FAILURE[name] ?? 500, name, message, { unit });
    } finally {
      this.#running -= 1;
      if (waits) this.#waiting -= 1;
    }
  }

  /** Hears of all changes from now on, over losses of the manager. @returns how to stop */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    void this.#open();
    return () => { this.#listeners.delete(listener); };
  }

  #open(): Promise<ManagerConnection | string> {
    if (this.#connection !== null) return Promise.resolve(this.#connection);
    this.#opening ??= this.#connect().finally(() => { this.#opening = null; });
    return this.#opening;
  }

  async #connect(): Promise<ManagerConnection | string> {
    const connection = await ManagerConnection.open(this.#socketPath, 'gateway');
    if (typeof connection === 'string') {
      this.#retryForListeners();
      return connection;
    }
    this.#connection = connection;
    connection.onChange = (_, change) => { this.#tell(change); };
    connection.onLost = () => {
      this.#connection = null;
      this.#tell({ change: 'manager-lost' });
      this.#retryForListeners();
    };
    await connection.request('subscribe', { jobs: true });
    this.#tell({ change: 'manager-found' });
    return connection;
  }

  #retryForListeners(): void {
    if (this.#listeners.size === 0) return;
    setTimeout(() => { void this.#open(); }, MANAGER_RETRY_MSEC).unref();
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

// Owns a load of requests that are never repeated, over connections that are kept alive: what was sent and got no answer is counted,
// apart from what could not be sent because nobody listened.
import { Agent, type RequestOptions, request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { watchStanding } from '@drover/client';
import type { AdminContext } from './controller.ts';

const collection = '/api/v1/namespaces/default/configmaps';
const retryMs = 10;

type Outcome = { readonly code: number } | 'unsent' | 'lost';

export class OpenConnections {
  readonly created: string[] = [];
  /** Sent on a connection that stood, and not answered. */
  readonly lost: string[] = [];
  /** Answered, but not as it should be. */
  readonly wrong: string[] = [];
  answered = 0;
  unsent = 0;
  /** From the last answer to the next, where something could not be sent in between. */
  readonly gapsMs: number[] = [];
  readonly #context: () => AdminContext;
  readonly #agent: Agent;
  readonly #workers: Promise<void>[];
  #isStopped = false;

  /** `workers`: each sends one request after the other. */
  constructor(context: () => AdminContext, workers: number) {
    this.#context = context;
    this.#agent = new Agent({ ca: context().caPem, keepAlive: true, maxSockets: workers });
    this.#workers = Array.from({ length: workers }, (_, at) => this.#work(at));
  }

  #exchange(method: string, path: string, body?: unknown): Promise<Outcome> {
    const { address, token } = this.#context();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const options: RequestOptions = { method, agent: this.#agent, headers };
    return new Promise((resolve) => {
      const outgoing = request(`${address}${path}`, options);
      const stands = watchStanding(outgoing);
      outgoing.once('error', () => resolve(stands() ? 'lost' : 'unsent'));
      outgoing.once('response', (answer) => {
        answer.once('end', () => resolve({ code: answer.statusCode ?? 0 }));
        answer.once('error', () => resolve('lost'));
        answer.resume();
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Until it could be sent; false when it was and came to nothing. */
  async #ask(method: string, path: string, expected: number, body?: unknown): Promise<boolean> {
    let since: number | undefined;
    for (const began = performance.now(); ; ) {
      const outcome = await this.#exchange(method, path, body);
      if (outcome === 'unsent') {
        since ??= began;
        this.unsent += 1;
        await delay(retryMs);
        continue;
      }
      if (since !== undefined) this.gapsMs.push(performance.now() - since);
      if (outcome === 'lost') this.lost.push(`${method} ${path}`);
      else this.answered += 1;
      if (outcome !== 'lost' && outcome.code !== expected)
        this.wrong.push(`${method} ${path}: ${outcome.code}`);
      return outcome !== 'lost' && outcome.code === expected;
    }
  }

  async #work(at: number): Promise<void> {
    for (let turn = 0; !this.#isStopped; turn += 1) {
      const name = `load-${at}-${turn}`;
      const isMade = await this.#ask('POST', collection, 201, {
        metadata: { name },
        data: { at: `${turn}` },
      });
      if (!isMade) continue;
      this.created.push(name);
      await this.#ask('GET', `${collection}/${name}`, 200);
    }
  }

  /** Resolves when the last request of each has come to its end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
  }
}

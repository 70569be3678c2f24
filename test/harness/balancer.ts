// Owns a load balancer before several controllers, as administrators have one: TCP, least connections, each asked for /readyz every
// second; one that twice does not say yes in time is left out, and what is open there is cut (HAProxy's on-marked-down shutdown-sessions).
import { request } from 'node:https';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Behind {
  readonly host: string;
  readonly port: number;
}

export interface Balancer {
  /** https://127.0.0.1:port */
  readonly address: string;
  isUp(index: number): boolean;
  close(): Promise<void>;
}

const everyMs = 1_000;
const answerMs = 1_500;
const fall = 2;

const isReady = ({ host, port }: Behind, ca: string): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ host, port, ca, path: '/readyz', agent: false, timeout: answerMs }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
      asked.destroy();
    });
    const timer = setTimeout(() => asked.destroy(), answerMs);
    asked.on('error', () => resolve(false));
    asked.once('close', () => {
      clearTimeout(timer);
      resolve(false);
    });
    asked.end();
  });

/** One of those behind, as the checks find it. */
class Backend {
  readonly sockets = new Set<Socket>();
  readonly #at: Behind;
  readonly #ca: string;
  readonly #stop = new AbortController();
  #failures = 0;

  constructor(at: Behind, ca: string) {
    this.#at = at;
    this.#ca = ca;
    void this.#checks();
  }

  get isUp(): boolean {
    return this.#failures < fall;
  }

  async #checks(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#failures = (await isReady(this.#at, this.#ca)) ? 0 : this.#failures + 1;
      if (!this.isUp) this.#cut();
      // HAProxy's fastinter: whether it is gone is found out soon.
      if (this.#failures !== 1) await delay(everyMs);
    }
  }

  #cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  take(near: Socket): void {
    const far = connect(this.#at);
    this.sockets.add(near);
    for (const socket of [near, far]) socket.setNoDelay(true).on('error', () => undefined);
    near.pipe(far).pipe(near);
    far.once('close', () => near.resetAndDestroy());
    near.once('close', () => {
      far.resetAndDestroy();
      this.sockets.delete(near);
    });
  }

  close(): void {
    this.#stop.abort();
    this.#cut();
  }
}

export const startBalancer = async (behind: readonly Behind[], caPem: string): Promise<Balancer> => {
  const backends = behind.map((at) => new Backend(at, caPem));
  const server = createServer((near) => {
    const [best] = backends.filter(({ isUp }) => isUp).sort((a, b) => a.sockets.size - b.sockets.size);
    if (best === undefined) near.resetAndDestroy();
    else best.take(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    address: `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    isUp: (index) => backends[index]?.isUp ?? false,
    close: async () => {
      for (const backend of backends) backend.close();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

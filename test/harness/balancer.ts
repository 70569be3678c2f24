// Owns a load balancer before several controllers, as administrators have one: TCP, least connections, each asked for /readyz every
// second; one that twice does not say yes in time is left out, and what is open there is cut (HAProxy's on-marked-down shutdown-sessions).
import { request } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Behind {
  readonly host: string;
  readonly port: number;
}

/** A way in of one client, so that it can be told where it is. */
export interface Door {
  /** https://127.0.0.1:port */
  readonly address: string;
  /** Whether that one holds a connection which came in here. */
  isHeldBy(index: number): boolean;
}

export interface Balancer {
  /** https://127.0.0.1:port */
  readonly address: string;
  /** Another way in, to the same ones. */
  openDoor(): Promise<Door>;
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
  /** Of clients, and by which port they came. */
  readonly sockets = new Map<Socket, number>();
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
    for (const socket of this.sockets.keys()) socket.resetAndDestroy();
  }

  take(near: Socket): void {
    const far = connect(this.#at);
    this.sockets.set(near, near.localPort ?? 0);
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

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

export const startBalancer = async (behind: readonly Behind[], caPem: string): Promise<Balancer> => {
  const backends = behind.map((at) => new Backend(at, caPem));
  const servers: Server[] = [];
  const openDoor = async (): Promise<Door> => {
    const server = createServer((near) => {
      const [best] = backends.filter(({ isUp }) => isUp).sort((a, b) => a.sockets.size - b.sockets.size);
      if (best === undefined) near.resetAndDestroy();
      else best.take(near);
    });
    servers.push(server);
    const port = await listen(server);
    return {
      address: `https://127.0.0.1:${port}`,
      isHeldBy: (index) => [...(backends[index]?.sockets.values() ?? [])].includes(port),
    };
  };
  const { address } = await openDoor();
  return {
    address,
    openDoor,
    isUp: (index) => backends[index]?.isUp ?? false,
    close: async () => {
      for (const backend of backends) backend.close();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};

// Owns a way through the network that can fail: a TCP relay before one port.
import { connect, createServer, type Server, type Socket } from 'node:net';

/** As a firewall or a broken machine does it, or as a network that takes everything and says nothing. */
export type Failing = 'refuses' | 'swallows';

export interface Relay {
  readonly host: string;
  readonly port: number;
  /** From now on; undefined: it is well again, and what was swallowed meanwhile arrives, as TCP has it. */
  fail(how: Failing | undefined): void;
  /** How much has come back from there. */
  receivedBytes(): number;
  close(): Promise<void>;
}

export interface RelayOptions {
  readonly to: { readonly host: string; readonly port: number };
  readonly host?: string;
  /** Any that is free unless given. */
  readonly port?: number;
}

/** Two sockets that pass on what comes, unless it is swallowed, and end together. */
class Pair {
  readonly #near: Socket;
  readonly #to: RelayOptions['to'];
  readonly #onEnd: () => void;
  #far: Socket | undefined;
  #isSwallowing: boolean;

  constructor(
    near: Socket,
    to: RelayOptions['to'],
    { isSwallowing, onEnd }: { isSwallowing: boolean; onEnd: () => void },
  ) {
    this.#near = near;
    this.#to = to;
    this.#isSwallowing = isSwallowing;
    this.#onEnd = onEnd;
    this.#own(near);
    if (!isSwallowing) this.#join();
  }

  #own(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // told by its close
    socket.once('close', () => {
      if (!this.#isSwallowing) this.end();
    });
  }

  #join(): void {
    this.#far ??= connect(this.#to);
    if (this.#far.listenerCount('close') === 0) this.#own(this.#far);
    this.#near.pipe(this.#far);
    this.#far.pipe(this.#near);
  }

  swallow(isSwallowing: boolean): void {
    if (isSwallowing === this.#isSwallowing) return;
    this.#isSwallowing = isSwallowing;
    if (!isSwallowing) {
      if (this.#near.destroyed || this.#far?.destroyed === true) this.end();
      else this.#join();
      return;
    }
    for (const socket of [this.#near, this.#far]) socket?.unpipe().pause();
  }

  get receivedBytes(): number {
    return this.#far?.bytesRead ?? 0;
  }

  end(): void {
    this.#near.resetAndDestroy();
    this.#far?.resetAndDestroy();
    this.#onEnd();
  }
}

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

export const startRelay = async ({ to, host = '127.0.0.1', port = 0 }: RelayOptions): Promise<Relay> => {
  const pairs = new Set<Pair>();
  let failing: Failing | undefined;
  let endedBytes = 0;
  const server = createServer((near) => {
    if (failing === 'refuses') return void near.resetAndDestroy();
    const pair: Pair = new Pair(near, to, {
      isSwallowing: failing === 'swallows',
      onEnd: () => {
        if (pairs.delete(pair)) endedBytes += pair.receivedBytes;
      },
    });
    pairs.add(pair);
  });
  const endAll = (): void => {
    for (const pair of [...pairs]) pair.end();
  };
  return {
    host,
    port: await listen(server, host, port),
    fail: (how) => {
      failing = how;
      if (how === 'refuses') endAll();
      else for (const pair of pairs) pair.swallow(how === 'swallows');
    },
    receivedBytes: () => [...pairs].reduce((sum, pair) => sum + pair.receivedBytes, endedBytes),
    close: async () => {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

// Owns a pair of PostgreSQL servers: one takes writes, the other follows it and must have a commit before that is answered.
// I1: the servers keep two ports between them, so that one address of both is good for ever.
// I2: one that was replaced without being killed stays there, and takes writes, until another standby is made.
// I3: who takes writes waits for its standby from when that follows until it is lost: a promoted one must not wait for one that is gone.
import { freePort } from './ports.ts';
import { type PostgresOptions, PostgresServer } from './postgres.ts';
import { waitFor } from './wait.ts';

const schema = 'drover';

const isFollowed = async (primary: PostgresServer): Promise<boolean> =>
  (await primary.query("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'")).length === 1;

type PairOptions = Pick<PostgresOptions, 'fsync' | 'ownSession'>;

/** What is done to the one that takes writes; 'left': nothing, as when whoever promotes cannot see it. */
export type Struck = 'killed' | 'frozen' | 'left';

/** When it was struck and the other was promoted, in ms. */
export interface FailedOver {
  readonly struckAt: number;
  readonly promotedAt: number;
}

export class PostgresPair {
  readonly schema = schema;
  readonly ports: readonly [number, number];
  readonly #options: PairOptions;
  #primary: PostgresServer;
  #standby: PostgresServer | undefined;
  #replaced: PostgresServer | undefined;

  private constructor(ports: readonly [number, number], primary: PostgresServer, options: PairOptions) {
    this.ports = ports;
    this.#primary = primary;
    this.#options = options;
  }

  static async start(options: PairOptions = {}): Promise<PostgresPair> {
    const ports = [await freePort(), await freePort()] as const;
    const primary = await PostgresServer.start({ ...options, port: ports[0] });
    const pair = new PostgresPair(ports, primary, options);
    await primary.query(`CREATE SCHEMA ${schema}`);
    await pair.follow();
    return pair;
  }

  /** The one that takes writes. */
  get server(): PostgresServer {
    return this.#primary;
  }

  /** Address of both. */
  get url(): string {
    return this.urlBy(this.ports);
  }

  /** Address of both by ways of one's own to them, in the order of `ports`. */
  urlBy(ports: readonly number[]): string {
    return this.#primary.url(
      schema,
      ports.map((port) => ({ port })),
    );
  }

  /** A standby is made, where there is none, and waited for by every commit from now on (I3). One that was replaced ends (I2). */
  async follow(): Promise<void> {
    await this.#endReplaced();
    const [port = 0] = this.ports.filter((one) => one !== this.#primary.port);
    this.#standby ??= await PostgresServer.start({ ...this.#options, port, standbyOf: this.#primary });
    await waitFor('the standby to follow', () => isFollowed(this.#primary));
    await this.#primary.set('synchronous_standby_names', 'standby');
    await waitFor(
      'commits to wait for it',
      async () =>
        (await this.#primary.query("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")).length ===
        1,
    );
  }

  /** Strikes the one that takes writes and promotes the other, which then stands alone (I3). */
  async failOver(how: Struck = 'killed'): Promise<FailedOver> {
    const [lost, promoted] = [this.#primary, this.#standby];
    if (promoted === undefined) throw new Error('cannot fail over: nobody follows');
    const struckAt = performance.now();
    if (how === 'killed') await lost.end('SIGKILL');
    if (how === 'frozen') lost.freeze();
    await promoted.promote();
    const promotedAt = performance.now();
    this.#primary = promoted;
    this.#standby = undefined;
    if (how === 'killed') await lost.close();
    else this.#replaced = lost;
    return { struckAt, promotedAt };
  }

  /** The one that was replaced, and not killed (I2). */
  get replaced(): PostgresServer | undefined {
    return this.#replaced;
  }

  async #endReplaced(): Promise<void> {
    const replaced = this.#replaced;
    this.#replaced = undefined;
    replaced?.thaw();
    await replaced?.close();
  }

  async drop(): Promise<void> {
    await this.#endReplaced();
    await this.#standby?.close();
    await this.#primary.close();
  }
}

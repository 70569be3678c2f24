// Owns several controllers on one database, for tests and benches: started, killed, frozen, each with a data directory of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControllerProcess } from './controller.ts';
import { freePort } from './ports.ts';
import { freshSchema } from './postgres.ts';

/** A database for them, of which `drop` leaves nothing. */
export type Place = Awaited<ReturnType<typeof freshSchema>>;

export interface ControllersOptions {
  /** On a server that all tests of this process share, unless given. */
  readonly place?: Place;
  /** By which way each reaches the database; that of the place unless given. */
  readonly storeOf?: (index: number) => string;
  /** By which agents and the other controllers reach them; 127.0.0.1 unless given. */
  readonly address?: string;
  /** See ControllerOptions. */
  readonly ownSession?: boolean;
}

export class Controllers {
  readonly all: readonly ControllerProcess[];
  readonly #place: Place;
  readonly #dir: string;

  private constructor(all: readonly ControllerProcess[], place: Place, dir: string) {
    this.all = all;
    this.#place = place;
    this.#dir = dir;
  }

  /** Resolves when all of them answer. Agents know all of them. */
  static async start(count: number, options: ControllersOptions = {}): Promise<Controllers> {
    const { place = await freshSchema(), address = '127.0.0.1', storeOf = () => place.url } = options;
    const { ownSession = false } = options;
    const dir = await mkdtemp(join(tmpdir(), 'drover-controllers-'));
    const ports = await Promise.all(
      Array.from({ length: count }, async () => ({ port: await freePort(), agentPort: await freePort() })),
    );
    const args = ports.flatMap(({ agentPort }) => ['--controller', `${address}:${agentPort}`]);
    const begin = (index: number): Promise<ControllerProcess> =>
      ControllerProcess.start({
        ...{ dataDir: join(dir, `c${index}`), store: storeOf(index), ports: ports[index] },
        ...{ address, ownSession, patienceMs: 240_000 },
        args: [...args, '--secrets-key-file', join(dir, 'key')],
      });
    // The first makes the key under which all of them keep their secrets.
    const first = await begin(0);
    const others = await Promise.all(Array.from({ length: count - 1 }, (_, index) => begin(index + 1)));
    return new Controllers([first, ...others], place, dir);
  }

  /** Address of the database that they share. */
  get storeUrl(): string {
    return this.#place.url;
  }

  /** The key under which all of them keep their secrets. */
  get keyFile(): string {
    return join(this.#dir, 'key');
  }

  /** Of the database's server. */
  get databasePid(): number {
    return this.#place.server.pid;
  }

  /** Rows of the database that they share. */
  query(sql: (schema: string) => string): Promise<readonly Record<string, unknown>[]> {
    return this.#place.server.query(sql(this.#place.schema));
  }

  /** A transaction that sees this moment until it is released, as that of a backup does. */
  async hold(): Promise<{ release(): Promise<void> }> {
    const client = await this.#place.server.open();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class');
    return { release: () => client.end() };
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((one) => one.close()));
    await this.#place.drop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

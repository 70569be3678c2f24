// Owns a real PostgreSQL server (Debian's) on a port of its own on the loopback, in a directory of its own.
// I1: it ends with the process that started it, however that ends: the kernel tells it.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './ports.ts';
import { waitFor } from './wait.ts';

const folder = '/usr/lib/postgresql';

const programs = (): string | undefined => {
  const versions = existsSync(folder) ? readdirSync(folder).sort((a, b) => Number(b) - Number(a)) : [];
  return versions
    .map((version) => join(folder, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
};

/** What is missing to run one; undefined: nothing. */
export const missingForPostgres = (): string | undefined =>
  programs() === undefined ? 'postgresql' : undefined;

/** Numbers of the processes that it has started. */
const childrenOf = (pid: number): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => {
      try {
        return new RegExp(`^PPid:\\s${pid}$`, 'm').test(readFileSync(`/proc/${one}/status`, 'utf8'));
      } catch {
        return false; // it has ended meanwhile
      }
    });

const idOf = (flag: string): number =>
  Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim());

/** It refuses to run as root. */
const owner = (): { readonly uid: number; readonly gid: number } | undefined =>
  process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;

const drop = (user: ReturnType<typeof owner>): readonly string[] =>
  user === undefined ? [] : ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];

export interface PostgresOptions {
  /** Whether a commit waits for the disk, as a real one does; tests of what rows mean need not wait. */
  readonly fsync?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** A copy of this server, which follows it. */
  readonly standbyOf?: PostgresServer;
  /** One that is free unless given. */
  readonly port?: number;
  /** In a session of its own (test/harness/controller.ts). */
  readonly ownSession?: boolean;
}

export class PostgresServer {
  readonly port: number;
  readonly #dir: string;
  readonly #options: PostgresOptions;
  #child: ChildProcess | undefined;

  private constructor(dir: string, port: number, options: PostgresOptions) {
    this.#dir = dir;
    this.port = port;
    this.#options = options;
  }

  /** Resolves when it takes connections. */
  static async start(options: PostgresOptions = {}): Promise<PostgresServer> {
    const dir = mkdtempSync(join(tmpdir(), 'drover-postgres-'));
    const user = owner();
    if (user !== undefined) chownSync(dir, user.uid, user.gid);
    const server = new PostgresServer(dir, options.port ?? (await freePort()), options);
    await server.#make();
    await server.start();
    return server;
  }

  /** One that somebody else started, and ends. */
  static at(port: number): PostgresServer {
    return new PostgresServer('', port, {});
  }

  get #data(): string {
    return join(this.#dir, 'data');
  }

  #program(name: string): string {
    return join(programs() ?? folder, name);
  }

  /** Others in this process go on meanwhile: relays, and what is measured. Resolves to what it printed. */
  async #run(name: string, args: readonly string[]): Promise<string> {
    const command = ['setpriv', ...drop(owner()), this.#program(name), ...args];
    const options = { cwd: this.#dir, maxBuffer: 256 * 1024 * 1024 };
    return (await promisify(execFile)(command[0] ?? '', command.slice(1), options)).stdout;
  }

  async #make(): Promise<void> {
    const { standbyOf } = this.#options;
    if (standbyOf === undefined) {
      await this.#run('initdb', [
        '-D',
        this.#data,
        '-U',
        'drover',
        '-A',
        'trust',
        '-N',
        '-E',
        'UTF8',
        '--no-locale',
      ]);
      return;
    }
    const source = `host=127.0.0.1 port=${standbyOf.port} user=drover application_name=standby`;
    await this.#run('pg_basebackup', ['-D', this.#data, '-R', '-X', 'stream', '-c', 'fast', '-d', source]);
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: '',
      fsync: this.#options.fsync === true ? 'on' : 'off',
      max_connections: '200',
      ...this.#options.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const command = ['--pdeathsig', 'SIGQUIT', ...drop(owner()), this.#program('postgres')]; // I1
    this.#child = spawn('setpriv', [...command, '-D', this.#data, ...args], {
      cwd: this.#dir,
      stdio: 'ignore',
      detached: this.#options.ownSession === true,
    });
    await waitFor('the database to take connections', () => this.answers());
  }

  async answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** The address of a schema of its own: an empty place for a store. */
  url(schema: string, servers: readonly Pick<PostgresServer, 'port'>[] = [this]): string {
    const hosts = servers.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `postgres://drover@${hosts}/postgres?options=-csearch_path%3D${schema}`;
  }

  /** A connection, which the caller ends. */
  async open(): Promise<Client> {
    const client = new Client({
      ...{ host: '127.0.0.1', port: this.port, user: 'drover', database: 'postgres' },
      connectionTimeoutMillis: 2_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Rows of one statement. */
  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    const client = await this.open();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** SIGKILL is told the whole of it: the postmaster's children end when it is gone. */
  async end(signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** The whole of it stands still, as a machine that is paused; whoever connects meanwhile gets no answer. */
  freeze(): void {
    this.#child?.kill('SIGSTOP'); // it starts no more of them
    for (const pid of childrenOf(this.pid)) process.kill(pid, 'SIGSTOP');
  }

  /** It goes on as if nothing had been. */
  thaw(): void {
    for (const pid of childrenOf(this.pid)) process.kill(pid, 'SIGCONT');
    this.#child?.kill('SIGCONT');
  }

  /** A setting that may change while it serves; undefined: as it was. */
  async set(name: string, value: string | undefined): Promise<void> {
    await this.query(
      value === undefined ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = '${value}'`,
    );
    await this.query('SELECT pg_reload_conf()');
  }

  /** A schema as plain SQL, that a connection can carry out. */
  dump(schema: string): Promise<string> {
    const address = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'drover', '-d', 'postgres'];
    const form = ['--schema', schema, '--rows-per-insert=100', '--no-owner', '--no-privileges'];
    return this.#run('pg_dump', [...address, ...form]);
  }

  /** A standby takes writes from now on. */
  async promote(): Promise<void> {
    await this.#run('pg_ctl', ['promote', '-D', this.#data, '-w']);
  }

  /** At the end of the process: the server ends with it (I1). */
  forget(): void {
    this.#child?.kill('SIGQUIT');
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.end();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Port of a server that a whole run of tests shares (shared-postgres.ts). */
export const sharedPortName = 'DROVER_TEST_POSTGRES_PORT';

const startOwn = async (): Promise<PostgresServer> => {
  const server = await PostgresServer.start({ fsync: process.env['DROVER_TEST_FSYNC'] === 'on' });
  process.once('exit', () => server.forget());
  return server;
};

let shared: Promise<PostgresServer> | undefined;
let schemas = 0;

/** A place for a store on a server that all tests of this run, or of this process, share. */
export const freshSchema = async () => {
  const port = process.env[sharedPortName];
  shared ??= port === undefined ? startOwn() : Promise.resolve(PostgresServer.at(Number(port)));
  const server = await shared;
  schemas += 1;
  const schema = `test${process.pid}_${schemas}`;
  await server.query(`CREATE SCHEMA ${schema}`);
  return {
    server,
    schema,
    url: server.url(schema),
    drop: async () => void (await server.query(`DROP SCHEMA ${schema} CASCADE`)),
  };
};

/** A database of a store's rows. */
export interface StorePlace {
  readonly url: string;
  readonly drop?: () => Promise<void>;
}

/** Where the stores are that tests open: on PostgreSQL with DROVER_TEST_STORE=postgres, in their data directories otherwise. */
export const placeOfTests = async (): Promise<StorePlace | undefined> =>
  process.env['DROVER_TEST_STORE'] === 'postgres' ? freshSchema() : undefined;

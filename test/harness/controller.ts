// Owns a real controller process for tests and benches: started, killed -9, started again on the same data and ports.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { placeOfTests, type StorePlace } from './postgres.ts';
import { waitFor } from './wait.ts';

export const root = join(import.meta.dirname, '../..');
export const nodeBinary = join(root, 'node_modules/node/bin/node');
export const controllerFile = join(root, 'packages/controller/bin/drover-controller');
export const agentFile = join(root, 'agent/drover_agent.py');

/** What the controller writes to <data-dir>/admin.json. */
export interface AdminContext {
  readonly address: string;
  readonly caPem: string;
  readonly token: string;
}

export interface ControllerOptions {
  /** Kept on close when given. */
  readonly dataDir?: string;
  /** Where servers reach it; default 127.0.0.1. */
  readonly address?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * In a session of its own, as a service manager starts it: the kernel shares the processors out among sessions
   * (autogroup), so that what is measured does not depend on how many commands run meanwhile, each in its own.
   */
  readonly ownSession?: boolean;
  /** Address of the database of its rows; null: files of its data directory, on whatever the suite runs. */
  readonly store?: string | null;
  /** Any that are free unless given. */
  readonly ports?: { readonly port: number; readonly agentPort: number } | undefined;
  /** How long a start may take; 60 s unless given. */
  readonly patienceMs?: number;
}

/** Bounds what hangs; a start beside other tests takes seconds. */
const startMs = 60_000;

/** One data directory has one place in the database. */
const places = new Map<string, StorePlace>();
const placeOf = async (dataDir: string): Promise<StorePlace | undefined> => {
  const place = places.get(dataDir) ?? (await placeOfTests());
  if (place !== undefined) places.set(dataDir, place);
  return place;
};

const toPlace = (url: string | null): StorePlace | undefined => (url === null ? undefined : { url });

export class ControllerProcess {
  readonly dataDir: string;
  readonly port: number;
  readonly agentPort: number;
  readonly #options: ControllerOptions;
  readonly #store: StorePlace | undefined;
  #program = controllerFile;
  #child: ChildProcess | undefined;

  private constructor(
    dataDir: string,
    port: number,
    agentPort: number,
    options: ControllerOptions,
    store: StorePlace | undefined,
  ) {
    this.#store = store;
    this.dataDir = dataDir;
    this.port = port;
    this.agentPort = agentPort;
    this.#options = options;
  }

  /** Resolves when the API answers. */
  static async start(options: ControllerOptions = {}): Promise<ControllerProcess> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'drover-controller-')));
    const store = options.store === undefined ? await placeOf(dataDir) : toPlace(options.store);
    const { port = await freePort(), agentPort = await freePort() } = options.ports ?? {};
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const controller = new ControllerProcess(dataDir, port, agentPort, options, store);
    await controller.start().catch(async (error: unknown) => {
      await controller.close();
      throw error;
    });
    return controller;
  }

  /** With the program that it had before, unless another is given. */
  async start(program = this.#program): Promise<void> {
    this.#program = program;
    const log = openSync(join(this.dataDir, 'stdout.log'), 'a');
    this.#child = spawn(
      program,
      [
        ...['--data-dir', this.dataDir, '--host', '127.0.0.1', '--no-local-node'],
        ...(this.#store === undefined ? [] : ['--store', this.#store.url]),
        ...[
          '--port',
          String(this.port),
          '--agent-port',
          String(this.agentPort),
          '--address',
          this.#options.address ?? '127.0.0.1',
        ],
        ...(this.#options.args ?? []),
      ],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...this.#options.env },
        detached: this.#options.ownSession === true,
      },
    );
    closeSync(log);
    const child = this.#child;
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const isReady = (): boolean =>
      existsSync(this.contextFile) && this.output().includes('Drover is ready') && this.#startedAfter(child);
    await waitFor(
      'the controller to answer',
      () => hasEnded() || isReady(),
      this.#options.patienceMs ?? startMs,
    );
    if (hasEnded()) throw new Error(`the controller ended: ${this.output().slice(-2000)}`);
  }

  #startedAfter(child: ChildProcess): boolean {
    return this.output().includes(`(pid ${child.pid})`);
  }

  /** All that it has printed since the first start. */
  output(): string {
    return readFileSync(join(this.dataDir, 'stdout.log'), 'utf8');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Address of the database of its rows; undefined: they are in the data directory. */
  get storeUrl(): string | undefined {
    return this.#store?.url;
  }

  get contextFile(): string {
    return join(this.dataDir, 'admin.json');
  }

  /** The key under which its secrets are, beside the data directory. */
  get keyFile(): string {
    return `${this.dataDir}.key`;
  }

  get context(): AdminContext {
    return JSON.parse(readFileSync(this.contextFile, 'utf8')) as AdminContext;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** Stops it as it is, or lets it go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal);
  }

  kill9(): Promise<void> {
    return this.#end('SIGKILL');
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.#options.dataDir !== undefined) return;
    await this.#store?.drop?.();
    await rm(this.dataDir, { recursive: true, force: true });
    await rm(this.keyFile, { force: true });
  }
}

// Owns real agent processes on loopback for tests and benches: each with a folder of its own, as on a server.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdminContext, agentFile } from './controller.ts';

export const caPin = (context: AdminContext): string =>
  createHash('sha256').update(new X509Certificate(context.caPem).raw).digest('hex');

export interface AgentOptions {
  readonly context: AdminContext;
  readonly token: string;
  readonly name: string;
  /** Parent of the agent's folder. */
  readonly dir: string;
  readonly python?: string;
  /** See ControllerOptions. */
  readonly ownSession?: boolean;
  /** The node's own policy file; absent: that of this machine. */
  readonly policy?: string;
  /** The agent's program; absent: today's. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class AgentProcess {
  readonly name: string;
  readonly dir: string;
  readonly #options: AgentOptions;
  #child: ChildProcess | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.name = options.name;
    this.dir = join(options.dir, options.name);
  }

  /** First start: asks to join. */
  async join(): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    const { context, name, token, policy } = this.#options;
    const own = policy === undefined ? [] : ['--policy', policy];
    this.#spawn(
      ['join', context.address, caPin(context), '--name', name, '--dir', this.dir, '--foreground', ...own],
      {
        DROVER_TOKEN: token,
      },
    );
  }

  /** Later starts, with the identity it has. */
  run(): void {
    this.#spawn(['run', '--dir', this.dir], {});
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>>): void {
    const log = openSync(join(this.dir, 'agent.log'), 'a');
    this.#child = spawn(this.#options.python ?? 'python3', [this.#options.file ?? agentFile, ...args], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#options.env, ...env },
      detached: this.#options.ownSession === true,
    });
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  log(): Promise<string> {
    return readFile(join(this.dir, 'agent.log'), 'utf8');
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.dir, { recursive: true, force: true });
  }
}

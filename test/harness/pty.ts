// Owns a program on a pseudo-terminal, typed to by a test as by a person.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { cliFile } from './cli.ts';
import type { ControllerProcess } from './controller.ts';
import { waitFor } from './wait.ts';

export class Pty {
  /** All that the terminal has shown. */
  shown = '';
  /** Exit code of the program. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(argv: readonly string[], env: NodeJS.ProcessEnv) {
    const wrapper = join(import.meta.dirname, 'terminal.py');
    this.#child = spawn('python3', [wrapper, '80', '24', ...argv], { env });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text;
    });
    this.#child.stdin.on('error', () => undefined); // it may end while something is typed
    this.ended = new Promise((resolve) => this.#child.once('close', (code) => resolve(code ?? -1)));
  }

  /** `drover ARGS` on a terminal of 80 columns and 24 rows. */
  static drover(controller: Pick<ControllerProcess, 'contextFile'>, ...args: string[]): Pty {
    const env = { ...process.env, DROVER_CONTEXT: controller.contextFile, NO_COLOR: '1', TERM: 'xterm' };
    return new Pty([cliFile, ...args], env);
  }

  type(text: string): void {
    this.#child.stdin.write(`${JSON.stringify({ type: text })}\n`);
  }

  resize(columns: number, rows: number): void {
    this.#child.stdin.write(`${JSON.stringify({ resize: [columns, rows] })}\n`);
  }

  /** Resolves when the terminal has shown it since `from` characters. */
  async shows(pattern: RegExp, from = 0): Promise<void> {
    await waitFor(`the terminal to show ${pattern}`, () => pattern.test(this.shown.slice(from))).catch(
      (error) => {
        throw new Error(`${error.message}; it shows: ${this.shown}`);
      },
    );
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

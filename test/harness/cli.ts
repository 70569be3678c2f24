// Owns running the real CLI in tests and benches.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type ControllerProcess, root } from './controller.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** The command as users start it. */
export const cliFile = join(root, 'packages/cli/bin/drover');

/** Runs `drover ARGS` against the controller; output as text. */
export const drover = (
  controller: Pick<ControllerProcess, 'contextFile'>,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly onStart?: (pid: number) => void;
  } = {},
): Promise<CliResult> =>
  new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(cliFile, args, {
      env: { ...process.env, ...options.env, DROVER_CONTEXT: controller.contextFile, NO_COLOR: '1' },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.on('error', reject);
    child.stdin.on('error', () => undefined); // it may end before it has read all
    child.stdin.end(options.input ?? '');
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        ms: performance.now() - started,
      }),
    );
  });

// Owns running a program and waiting for its end.
import { spawn } from 'node:child_process';

export interface ToolOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

/** Resolves to standard output; throws with the end of standard error when the exit code is not 0. */
export const runTool = (
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => err.push(data));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else
        reject(
          new Error(`${command} ended with ${code ?? signal}: ${Buffer.concat(err).toString().slice(-500)}`),
        );
    });
  });

/** Whether a program can be found. */
export const hasTool = (command: string): Promise<boolean> =>
  runTool('sh', ['-c', 'command -v "$1"', 'sh', command]).then(
    () => true,
    () => false,
  );

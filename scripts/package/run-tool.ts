// Owns how the programs that write packages are called.
import { spawn } from 'node:child_process';

export interface Tool {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What to do when it is not there. */
  readonly remedy: string;
}

const isAbsent = (error: Error): boolean => 'code' in error && error.code === 'ENOENT';

/** @throws Error with its last words. */
export const runTool = ({ command, args, env, remedy }: Tool): Promise<void> =>
  new Promise((resolve, reject) => {
    const own = { PATH: process.env['PATH'], LC_ALL: 'C' };
    const child = spawn(command, args, { env: { ...own, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        said = `${said}${data.toString()}`.slice(-4000);
      });
    child.on('error', (error) => {
      const why = isAbsent(error) ? `it is not here; ${remedy}` : error.message;
      reject(new Error(`cannot run ${command}: ${why}`));
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cannot build the package: ${command} ended with ${code}: ${said.trim()}`));
    });
  });

// Owns calling the controller's program for what is done to files of this machine, without a controller that runs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { inInstallation } from './installation.ts';

// Put together at run time: command line and controller know each other by their programs only.
const program = inInstallation('packages', 'controller', 'bin', 'drover-controller');

interface Ended {
  readonly code: number;
  readonly out: string;
}

const call = (
  words: readonly string[],
  secrets: Readonly<Record<string, string>>,
  { environment }: Session,
  output: 'inherit' | 'pipe',
): Promise<Ended> => {
  if (!existsSync(program))
    throw new Failure(`cannot run ${words[0] ?? ''}: the controller is not part of this installation`, {
      remedy: 'call drover on the machine of the controller',
    });
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', output, 'inherit'],
      env: { ...environment, ...secrets },
    });
    const out: Buffer[] = [];
    child.stdout?.on('data', (data: Buffer) => out.push(data));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, out: Buffer.concat(out).toString() }));
  });
};

/** Its words go to our own terminal, and its exit code is ours. `secrets`: put into its environment. */
export const runOffline = async (
  words: readonly string[],
  secrets: Readonly<Record<string, string>>,
  session: Session,
): Promise<void> => {
  const { code } = await call(words, secrets, session, 'inherit');
  session.setExitCode(code);
};

/** What it prints. What goes wrong goes to our own terminal; '' then. */
export const readOffline = async (words: readonly string[], session: Session): Promise<string> =>
  (await call(words, {}, session, 'pipe')).out;

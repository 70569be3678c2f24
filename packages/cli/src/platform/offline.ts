// Owns calling the controller's program for what is done to files of this machine, without a controller that runs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';
import type { Session } from '../session.ts';
import { inInstallation } from './installation.ts';

// Put together at run time: command line and controller know each other by their programs only.
const program = inInstallation('packages', 'controller', 'bin', 'drover-controller');

/** Its words go to our own terminal. `secrets`: put into its environment. */
export const runOffline = (
  words: readonly string[],
  secrets: Readonly<Record<string, string>>,
  session: Session,
): Promise<void> => {
  if (!existsSync(program))
    throw new Failure('cannot do that here: the controller is not part of this installation', {
      remedy: 'call drover on the machine of the controller',
    });
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...session.environment, ...secrets },
    });
    child.on('error', reject);
    child.on('close', (code) => {
      session.setExitCode(code ?? 1);
      resolve();
    });
  });
};

// Owns what the controller tells the service manager that started it (sd_notify(3)): ready, alive, stopping.
// I1: whoever is not started by one, or not by way of bin/with-notify.py, tells nobody; nothing else differs.
// I2: a manager that does not take a message stops nobody: that one is lost, and the next sign of life comes in time.
import { writeSync } from 'node:fs';

export interface ServiceManager {
  /** Whether there is one. */
  readonly isThere: boolean;
  /** From now on it serves. `status`: a line for `systemctl status`. */
  ready(status: string): void;
  /** From now on it ends. */
  stopping(): void;
  close(): void;
}

/** Signs of life for each time that the manager waits: a busy event loop may miss one or two. */
const signsPerWait = 3;

const takeNumber = (environment: NodeJS.ProcessEnv, name: string): number => {
  const text = environment[name];
  delete environment[name];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
};

/** Takes what is for us alone out of the environment, which the programs that the controller starts inherit. */
export const openServiceManager = (environment: NodeJS.ProcessEnv): ServiceManager => {
  const file = takeNumber(environment, 'DROVER_NOTIFY_FD');
  const waitMs = takeNumber(environment, 'WATCHDOG_USEC') / 1000;
  delete environment['WATCHDOG_PID']; // systemd names this process there: with-notify.py has become it
  const isThere = file > 2;
  const tell = (message: string): void => {
    if (!isThere) return;
    try {
      writeSync(file, message);
    } catch {
      // I2
    }
  };
  let alive: NodeJS.Timeout | undefined;
  return {
    isThere,
    ready: (status) => {
      tell(`READY=1\nSTATUS=${status}`);
      if (isThere && waitMs > 0) alive = setInterval(() => tell('WATCHDOG=1'), waitMs / signsPerWait);
    },
    stopping: () => tell('STOPPING=1\nSTATUS=stopping'),
    close: () => clearInterval(alive),
  };
};

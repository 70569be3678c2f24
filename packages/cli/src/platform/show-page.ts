// Owns showing a page in the person's own browser.
import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** The desktop's own opener; undefined where there is none: a server, a terminal over SSH. */
const openerOf = (environment: Environment): string | undefined => {
  if (process.platform === 'darwin') return 'open';
  const hasDesktop = [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some(
    (name) => (name ?? '') !== '',
  );
  return hasDesktop ? 'xdg-open' : undefined;
};

/** Tries to; nobody can tell whether it worked, so the address has to be printed too. `address` holds no secret: others see it. */
export const showPage = (address: string, environment: Environment): void => {
  const opener = openerOf(environment);
  if (opener === undefined) return;
  const child = spawn(opener, [address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined); // not installed
  child.unref();
};

// Owns where the parts of this installation are, for the sources and for what is built of them alike.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const directoryOf = (file: string): string => {
  for (let at = import.meta.dirname; at !== dirname(at); at = dirname(at))
    if (existsSync(join(at, file))) return at;
  return import.meta.dirname;
};

/** packages/cli of the installation that this program is part of. */
export const ownDirectory = directoryOf('package.json');

/** A path inside the installation; what is there may not be part of it. */
export const inInstallation = (...parts: readonly string[]): string =>
  join(ownDirectory, '..', '..', ...parts);

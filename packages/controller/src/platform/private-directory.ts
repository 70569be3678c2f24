// Owns making a directory that only our user may enter.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes it and what it lies in. Throws the system's error. Level by level, since mkdir with `recursive` never returns
 * where the system says ENOENT for a name that cannot be made (/proc/x).
 */
export const makePrivateDirectory = (path: string): void => {
  const wanted = resolve(path);
  if (statSync(wanted, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(wanted);
  if (parent !== wanted) makePrivateDirectory(parent);
  mkdirSync(wanted, { mode: 0o700 });
};

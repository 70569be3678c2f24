// Owns reading a file that the user named, whole; "-" is standard input.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { usageFailure } from '../failure.ts';

/** Its bytes. Throws a usage failure that names the option (`what`) and the path. */
export const readInput = async (path: string, what: string): Promise<Buffer> => {
  try {
    // As a stream: Node.js makes a pipe on standard input non-blocking, so that a plain read of it may fail.
    return await (path === '-' ? buffer(process.stdin) : readFile(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`cannot read ${[what, path].filter(Boolean).join(' ')}: ${why}`);
  }
};

/** As text. */
export const readInputText = async (path: string, what: string): Promise<string> =>
  (await readInput(path, what)).toString('utf8');

// Owns the options by which a command line signs, and the keys that they or the context name.
import type { Command } from 'commander';
import { usageFailure } from '../failure.ts';
import { parseSeconds } from '../output/units.ts';
import { createAsk } from '../platform/ask.ts';
import type { Session } from '../session.ts';
import type { Signing } from './sign.ts';

export interface SigningOptions {
  readonly sign?: readonly string[];
  readonly ttl?: string;
}

export const addSigningOptions = (command: Command): Command =>
  command
    .option(
      '--sign <file>',
      'sign it with this key, for nodes that take signed requests only; may be repeated; absent: the key of the context',
      (path: string, all: readonly string[] | undefined) => [...(all ?? []), path],
    )
    .option('--ttl <time>', 'how long what is signed is good for, e.g. 15m; absent: 1h');

/** The keys to sign with; undefined when nothing is to be signed. `isInputTaken`: standard input is not for answers. */
export const loadSigning = async (
  session: Session,
  command: Command,
  options: SigningOptions,
  isInputTaken = false,
): Promise<Signing | undefined> => {
  const own = session.signingKey(command);
  const paths = options.sign ?? (own === undefined ? [] : [own]);
  const ttlSeconds = parseSeconds(options.ttl ?? '1h', '--ttl');
  if (ttlSeconds === 0) throw usageFailure('cannot use --ttl 0: it would have expired at once');
  if (paths.length === 0) {
    if (options.ttl === undefined) return undefined;
    throw usageFailure('cannot use --ttl: nothing is signed', 'give --sign KEY');
  }
  const { loadKeyFile } = await import('./key-file.ts');
  const ask = createAsk(session);
  const keys = [];
  for (const path of paths)
    keys.push(
      await loadKeyFile(path, () => {
        if (isInputTaken && session.input.isTTY !== true)
          throw usageFailure(`cannot ask for the passphrase of ${path}: standard input is what is sent`);
        return ask.secret(`Passphrase of ${path}: `);
      }),
    );
  return { keys, ttlSeconds };
};

// Owns how a start says where the key of the secrets comes from.
import { resolve } from 'node:path';
import { ApiError } from '@drover/api';
import type { KeySource } from './store/sealing/key-source.ts';

export const keySourceUsage = `  --secrets-key-file FILE
                      key under which secrets are kept: 32 bytes, raw, hex or base64; made when the data directory is new
                      (default <data-dir>.key, beside the data directory; back it up apart from the data)
  --secrets-passphrase-file FILE
                      keep secrets under a passphrase instead; or in the environment: DROVER_SECRETS_PASSPHRASE
  --secrets-key-command JSON
                      keep secrets under a key that this command prints, such as '["/usr/local/bin/hsm-key","drover"]'`;

export const keySourceFlags = {
  'secrets-key-file': { type: 'string' },
  'secrets-passphrase-file': { type: 'string' },
  'secrets-key-command': { type: 'string' },
} as const;

const passphraseVariable = 'DROVER_SECRETS_PASSPHRASE';

const parseCommand = (text: string): readonly string[] => {
  try {
    const argv: unknown = JSON.parse(text);
    const isArgv = (words: readonly unknown[]): words is readonly string[] =>
      words.length > 0 && words.every((word) => typeof word === 'string' && word !== '');
    if (Array.isArray(argv) && isArgv(argv)) return argv;
  } catch {
    // Said below, in the same words as for other JSON.
  }
  throw new ApiError(
    'BadRequest',
    'cannot start: --secrets-key-command must be a JSON list of words, such as \'["program","argument"]\'',
  );
};

/**
 * Undefined when the start says nothing. Takes the passphrase out of the environment, which the programs that the
 * controller starts inherit. @throws ApiError BadRequest.
 */
export const takeKeySource = (
  values: Readonly<Partial<Record<keyof typeof keySourceFlags, string>>>,
  environment: NodeJS.ProcessEnv,
): KeySource | undefined => {
  const file = values['secrets-key-file'];
  const passphraseFile = values['secrets-passphrase-file'];
  const command = values['secrets-key-command'];
  const passphrase = environment[passphraseVariable];
  delete environment[passphraseVariable];
  const given: readonly (KeySource | false)[] = [
    file !== undefined && { kind: 'file', path: resolve(file) },
    passphraseFile !== undefined && { kind: 'passphrase-file', path: resolve(passphraseFile) },
    command !== undefined && { kind: 'command', argv: parseCommand(command) },
    passphrase !== undefined && { kind: 'passphrase', passphrase },
  ];
  const [source, ...more] = given.filter((one) => one !== false);
  if (more.length === 0) return source;
  const all = `${Object.keys(keySourceFlags)
    .map((flag) => `--${flag}`)
    .join(', ')} and ${passphraseVariable}`;
  throw new ApiError('BadRequest', `cannot start: of ${all} only one may be given`);
};

// Judges whether the secrets can be opened.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

export const checkKeys = ({ keyring, database, dataDir }: MachineFacts): Check => {
  const name = 'secrets';
  if (keyring.kind === 'open') return { name, verdict: 'ok', message: 'their key is there and opens them' };
  if (keyring.kind === 'closed')
    return {
      name,
      verdict: 'fail',
      message: keyring.why,
      remedy: 'put the key back, or name where it is: --secrets-key-file, --secrets-passphrase-file',
    };
  if (database.kind === 'missing') return { name, verdict: 'ok', message: 'there are none yet' };
  return {
    name,
    verdict: 'fail',
    message: `${dataDir}/keys/secrets.json is missing: no secret in the database can be opened`,
    remedy: 'put it back from where it was copied to, or restore a backup: drover restore',
  };
};

// Judges whether the secrets can be opened.
import type { Check } from '@drover/api';
import { type MachineFacts, primaryOf } from '../facts.ts';

export const checkKeys = (facts: MachineFacts): Check => {
  const { keyring, database, servers, dataDir } = facts;
  const name = 'secrets';
  const ok = (message: string): Check => ({ name, verdict: 'ok', message });
  if (keyring.kind === 'open') return ok('their key is there and opens them');
  if (keyring.kind === 'closed')
    return {
      name,
      verdict: 'fail',
      message: keyring.why,
      remedy: 'put the key back, or name where it is: --secrets-key-file, --secrets-passphrase-file',
    };
  if (servers === undefined && database.kind === 'elsewhere') return ok('they are in that database, too');
  const isNew = servers === undefined ? database.kind === 'missing' : primaryOf(facts)?.form === undefined;
  if (isNew) return ok('there are none yet');
  const where = servers === undefined ? `${dataDir}/keys/secrets.json` : 'the keyring of the database';
  return {
    name,
    verdict: 'fail',
    message: `${where} is missing: no secret in the database can be opened`,
    remedy: 'put it back from where it was copied to, or restore a backup: drover restore',
  };
};

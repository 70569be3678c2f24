// Judges under which keys secrets are kept.
import type { Check, ServerFacts } from '@drover/api';

export const checkEncryption = ({ encryption: { dataKeys, rotating } }: ServerFacts): Check => {
  const name = 'encryption';
  if (rotating) return { name, verdict: 'ok', message: 'secrets are brought under a new data key' };
  if (dataKeys <= 1) return { name, verdict: 'ok', message: 'all secrets are under one data key' };
  return {
    name,
    verdict: 'warn',
    message: `secrets are under ${dataKeys} data keys`,
    remedy: 'end the change of the key: drover secrets rotate',
  };
};

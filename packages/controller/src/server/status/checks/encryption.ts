// Judges under which keys secrets are kept.
import type { Check, ServerFacts } from '@drover/api';

export const checkEncryption = ({ encryption: { key, dataKeys, rotating } }: ServerFacts): Check => {
  const message = `secrets are under ${key}`;
  if (dataKeys <= 1 || rotating)
    return {
      name: 'encryption',
      verdict: 'ok',
      message: rotating ? `${message}; a new data key is brought in` : message,
    };
  return {
    name: 'encryption',
    verdict: 'warn',
    message: `${message}, and ${dataKeys} data keys are in use`,
    remedy: 'end the change of the key: drover secrets rotate',
  };
};

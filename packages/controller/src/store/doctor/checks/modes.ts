// Judges whether anybody but the controller's user may read what is secret.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

export const checkModes = ({ exposed }: MachineFacts): Check =>
  exposed.length === 0
    ? { name: 'modes', verdict: 'ok', message: 'nobody else may read what is secret' }
    : {
        name: 'modes',
        verdict: 'fail',
        message: `everybody on this machine may use ${exposed.join(', ')}`,
        remedy: `take that away: chmod o-rwx ${exposed.join(' ')}`,
      };

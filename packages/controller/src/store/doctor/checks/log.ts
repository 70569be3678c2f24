// Judges what the controller said last.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

export const checkLog = ({ errors, dataDir }: MachineFacts): Check =>
  errors.length === 0
    ? { name: 'log', verdict: 'ok', message: 'no error in the last lines' }
    : {
        name: 'log',
        verdict: 'warn',
        message: errors.map(({ time, message }) => `${time} ${message}`).join(' | '),
        remedy: `read ${dataDir}/controller.log`,
      };

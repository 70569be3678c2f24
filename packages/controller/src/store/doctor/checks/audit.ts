// Judges whether the copy of the audit trail has rows that the database lacks.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

export const checkTrail = ({ ahead }: MachineFacts): Check => {
  const [missing] = ahead;
  return missing === undefined
    ? { name: 'audit', verdict: 'ok', message: 'no copy was found to have more rows than the database' }
    : { name: 'audit', verdict: 'fail', ...missing };
};

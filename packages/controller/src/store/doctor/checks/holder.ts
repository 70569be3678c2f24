// Judges whether a controller has the data directory: it does not answer, so it may hang, or listen elsewhere.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';

export const checkHolder = ({ holder, dataDir }: MachineFacts): Check => {
  const name = 'process';
  if (holder === undefined)
    return {
      name,
      verdict: 'warn',
      message: `no controller works on ${dataDir}`,
      remedy: 'start it, and read what it says: systemctl start drover, or npm start',
    };
  const who = holder.pid === undefined ? 'a process' : `process ${holder.pid} (${holder.program})`;
  return { name, verdict: 'ok', message: `${who} works on ${dataDir}` };
};

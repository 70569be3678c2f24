// Judges who is at the PostgreSQL database.
import type { Check } from '@drover/api';
import { type MachineFacts, primaryOf } from '../facts.ts';
import type { Holder } from '../server-facts.ts';

/** A controller that is frozen within a turn loses it sooner (postgres/connect.ts). */
const longSeconds = 10;

const nameOf = ({ address, pid }: Holder): string => `${address} (process ${pid} of the database)`;

export const checkHolders = (facts: MachineFacts): Check => {
  const name = 'controllers';
  const { holders = [] } = primaryOf(facts) ?? {};
  const alone = holders.find(({ has }) => has === 'alone');
  if (alone !== undefined)
    return {
      name,
      verdict: 'warn',
      message: `its data are being moved (drover restore, drover store migrate) from ${nameOf(alone)}, for ${alone.seconds} s`,
      remedy: 'start controllers when that has ended',
    };
  const turn = holders.find(({ has, seconds }) => has === 'turn' && seconds >= longSeconds);
  if (turn !== undefined)
    return {
      name,
      verdict: 'warn',
      message: `${nameOf(turn)} has had the turn to write for ${turn.seconds} s: all others wait`,
      remedy: `when it goes on, end it in the database: SELECT pg_terminate_backend(${turn.pid})`,
    };
  const addresses = [...new Set(holders.filter(({ has }) => has === 'shared').map(({ address }) => address))];
  const message = addresses.length === 0 ? 'none is on it' : `they use it from ${addresses.join(', ')}`;
  return { name, verdict: 'ok', message };
};

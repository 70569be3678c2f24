// Judges whether the PostgreSQL database can be reached, and by a server that takes writes.
import type { Check } from '@drover/api';
import type { MachineFacts } from '../facts.ts';
import type { ServerFact, Unreachable } from '../server-facts.ts';

const name = 'database';
const oldest = 15;

const isTls = ({ code, why }: Unreachable): boolean =>
  /CERT|TLS|SSL|UNABLE_TO_/.test(code) || /\b(SSL|TLS|certificate)\b/i.test(why);

/** What it says, and what to do. */
const explain = (fact: Unreachable): readonly [string, string] => {
  const { code, why } = fact;
  if (code === 'ECONNREFUSED')
    return [
      'nobody listens there',
      'start PostgreSQL on that machine, or name the right host and port in --store',
    ];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return ['its name is not known', 'name the right host in --store, or put it into DNS'];
  if (/^28/.test(code) || /password must be a string/.test(why))
    return [
      `it refuses the user (${why})`,
      'give the right user in --store and its password in PGPASSWORD or ~/.pgpass; pg_hba.conf of the server says who may come from where',
    ];
  if (code === '3D000')
    return [
      `there is no such database (${why})`,
      'make it (CREATE DATABASE ...), or name the right one in --store',
    ];
  if (code === '57P03')
    return [`it is not ready (${why})`, 'wait until it has started; its log says what it is at'];
  if (code === '53300')
    return [
      `it has no connection left (${why})`,
      'raise max_connections of the server, or stop what uses them',
    ];
  if (isTls(fact))
    return [
      `the way to it is not safe (${why})`,
      'sslrootcert in --store must be the authority of the certificate that the server shows, which must be for this host and not expired',
    ];
  if (code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || /timeout|terminated/i.test(why))
    return [`it does not answer (${why})`, 'look whether that machine runs, and for a firewall in between'];
  return [why, 'its log says more; or name the right one in --store'];
};

const fail = (message: string, remedy: string): Check => ({ name, verdict: 'fail', message, remedy });

const told = (fact: ServerFact): string => {
  if (fact.kind === 'primary') return `${fact.address} takes writes`;
  return fact.kind === 'standby' ? `${fact.address} is a standby` : `${fact.address}: ${explain(fact)[0]}`;
};

/** Of several, one that takes writes is enough; with one that cannot be asked there is none to take over. */
export const checkServer = ({ servers = [] }: MachineFacts): Check => {
  const message = servers.map(told).join('; ');
  const away = servers.find((fact) => fact.kind === 'unreachable');
  const primary = servers.find((fact) => fact.kind === 'primary');
  if (primary === undefined && away !== undefined) return fail(message, explain(away)[1]);
  if (primary === undefined)
    return fail(
      `${message}, which takes no writes`,
      'name the server that takes them in --store too (postgres://user@host1,host2/...), or promote this one: pg_ctl promote',
    );
  const major = Math.floor(primary.version / 10_000);
  if (major < oldest)
    return fail(`${primary.address} is PostgreSQL ${major}`, `upgrade it to PostgreSQL ${oldest} or newer`);
  if (away !== undefined) return { name, verdict: 'warn', message, remedy: explain(away)[1] };
  return { name, verdict: 'ok', message: `${message} (PostgreSQL ${major})` };
};

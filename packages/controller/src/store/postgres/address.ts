// Owns what `--store postgres://...` means. As in libpq several servers may be named, of which the one that takes writes
// is used: postgres://drover@db1,db2:5433/drover?sslmode=verify-full&sslrootcert=/etc/drover/db-ca.pem
import { isIP } from 'node:net';
import { ApiError } from '@drover/api/errors';
import type { ClientConfig } from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

const refuse = (why: string): ApiError => new ApiError('BadRequest', `cannot use the store: ${why}`);

const isLocal = (host: string): boolean =>
  host === 'localhost' ||
  host.startsWith('/') ||
  host === '::1' ||
  (isIP(host) === 4 && host.startsWith('127.'));

const parseOne = (url: string): ClientConfig => {
  try {
    return parseIntoClientConfig(url);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw refuse(`its address cannot be read (${why}); write it as postgres://user@host:port/database`);
  }
};

/** One address for each server. */
const splitServers = (url: string): readonly string[] => {
  const found = /^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)([^/?]*)(.*)$/s.exec(url);
  if (found === null) throw refuse('its address must begin with postgres://');
  const [, before = '', servers = '', after = ''] = found;
  return servers.split(',').map((server) => `${before}${server}${after}`);
};

/**
 * The servers, in the order in which they are tried. @throws ApiError BadRequest for what cannot be read, and for a way
 * through a network on which rows could be read by others.
 */
export const parseAddress = (url: string): readonly ClientConfig[] => {
  const servers = splitServers(url).map(parseOne);
  const isDecided = /[?&]sslmode=(verify-full|disable)(&|$)/.test(url);
  for (const { host = '' } of servers) {
    if (isLocal(host) || isDecided) continue;
    throw refuse(
      `the way to ${host} would not be encrypted and checked; add ?sslmode=verify-full&sslrootcert=FILE, or sslmode=disable where the network itself is protected`,
    );
  }
  return servers;
};

/** The address without what is secret in it. */
export const withoutPassword = (url: string): string => url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, '$1@');

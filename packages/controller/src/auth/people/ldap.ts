// Owns asking directories whether a password is right: search, then bind as what was found (RFC 4511, RFC 4513).
// I1: an empty password is never sent: a directory takes that for nobody in particular and says yes (RFC 4513 5.1.2).
// I2: what was typed becomes part of a filter as a value only (RFC 4515 section 3), by the library's own encoding.
// I3: TLS with verified certificates, but on this very machine (the kind refuses the rest).
// I4: exactly one entry has to be found; of two, neither is anybody.
import { ApiError, type LdapSpec } from '@drover/api';
import type { Client, Entry } from 'ldapts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import { type ExternalAccount, type Method, methodsWith, readSecretKey } from './external-account.ts';

/** Loaded when there is a directory to ask. */
const library = () => import('ldapts');

const timeoutMs = 10_000;
const maxGroups = 1_000;

export interface Directories {
  /** Who it is, by the first directory that says so. @throws ApiError ServiceUnavailable when one cannot be asked. */
  check(
    user: string,
    password: string,
  ): Promise<{ readonly method: Method; readonly account: ExternalAccount } | undefined>;
}

interface Deps {
  readonly resources: Pick<Resources, 'find' | 'list'>;
  readonly log: Log;
}

const firstOf = (entry: Entry, attribute: string): string | undefined => {
  const value = entry[attribute];
  const one = Array.isArray(value) ? value[0] : value;
  const text = one?.toString();
  return text === undefined || text === '' ? undefined : text;
};

const tlsOf = ({ caPem }: LdapSpec) => ({
  minVersion: 'TLSv1.2' as const,
  ...(caPem === undefined ? {} : { ca: caPem }),
});

/** A connection for as long as `work` takes. */
const withClient = async <T>(spec: LdapSpec, work: (client: Client) => Promise<T>): Promise<T> => {
  const tlsOptions = tlsOf(spec);
  const isSecure = spec.url.toLowerCase().startsWith('ldaps:');
  const ldapts = await library();
  const client = new ldapts.Client({
    url: spec.url,
    timeout: timeoutMs,
    connectTimeout: timeoutMs,
    ...(isSecure ? { tlsOptions } : {}),
  });
  try {
    // Over the connection that is there the name to be verified has to be said again.
    const host = new URL(spec.url).hostname.replace(/^\[(.*)\]$/, '$1');
    if (spec.startTls && !isSecure) await client.startTLS({ ...tlsOptions, host });
    return await work(client);
  } finally {
    await client.unbind().catch(() => undefined);
  }
};

const bindSearcher = async ({ resources }: Deps, spec: LdapSpec, client: Client): Promise<void> => {
  if (spec.bindDn === undefined) return;
  const password = spec.bindPassword === undefined ? '' : readSecretKey(resources, spec.bindPassword);
  await client.bind(spec.bindDn, password);
};

/** I2, I4. */
const findEntry = async (spec: LdapSpec, client: Client, user: string): Promise<Entry | undefined> => {
  const { EqualityFilter } = await library();
  const { searchEntries } = await client.search(spec.userBase, {
    scope: 'sub',
    filter: new EqualityFilter({ attribute: spec.userAttribute, value: user }),
    attributes: [spec.userAttribute, spec.subjectAttribute, 'displayName', 'cn', 'mail'],
    sizeLimit: 2,
  });
  return searchEntries.length === 1 ? searchEntries[0] : undefined;
};

const findGroups = async (spec: LdapSpec, client: Client, dn: string): Promise<readonly string[]> => {
  if (spec.groupBase === undefined) return [];
  const { AndFilter, EqualityFilter, PresenceFilter } = await library();
  const { searchEntries } = await client.search(spec.groupBase, {
    scope: 'sub',
    filter: new AndFilter({
      filters: [
        new EqualityFilter({ attribute: spec.memberAttribute, value: dn }),
        new PresenceFilter({ attribute: spec.groupAttribute }),
      ],
    }),
    attributes: [spec.groupAttribute],
    sizeLimit: maxGroups,
  });
  return searchEntries.flatMap((entry) => firstOf(entry, spec.groupAttribute) ?? []);
};

const isPasswordOf = (spec: LdapSpec, dn: string, password: string): Promise<boolean> =>
  withClient(spec, async (client) => {
    const { InvalidCredentialsError } = await library();
    try {
      await client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    }
  });

const toAccount = (spec: LdapSpec, entry: Entry, groups: readonly string[]): ExternalAccount => {
  const displayName = firstOf(entry, 'displayName') ?? firstOf(entry, 'cn');
  const email = firstOf(entry, 'mail');
  return {
    subject: firstOf(entry, spec.subjectAttribute) ?? entry.dn,
    name: firstOf(entry, spec.userAttribute) ?? '',
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
    groups,
  };
};

const ask = async (
  deps: Deps,
  spec: LdapSpec,
  user: string,
  password: string,
): Promise<ExternalAccount | undefined> =>
  withClient(spec, async (client) => {
    await bindSearcher(deps, spec, client);
    const entry = await findEntry(spec, client, user);
    if (entry === undefined || !(await isPasswordOf(spec, entry.dn, password))) return undefined;
    return toAccount(spec, entry, await findGroups(spec, client, entry.dn));
  });

export const createDirectories = (deps: Deps): Directories => ({
  check: async (user, password) => {
    // I1
    if (user === '' || password === '') return undefined;
    let missing = '';
    for (const method of methodsWith(deps.resources, 'ldap')) {
      const { ldap } = method.spec;
      if (ldap === undefined) continue;
      try {
        const account = await ask(deps, ldap, user, password);
        if (account !== undefined) return { method, account };
      } catch (error) {
        const why = (error instanceof Error ? error.message : String(error)).slice(0, 300);
        deps.log.warn({ method: method.name, why }, 'cannot ask a directory');
        missing = method.name;
      }
    }
    if (missing === '') return undefined;
    throw new ApiError('ServiceUnavailable', `cannot sign in: the directory ${missing} cannot be asked now`);
  },
});

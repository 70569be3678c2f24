// Owns how a start says where the rows are kept.
import { ApiError } from '@drover/api';
import { parseAddress } from './store/postgres/address.ts';

export const storeUsage = `  --store URL         keep the rows in a PostgreSQL database (15 or newer), which several controllers may share:
                      postgres://user@host1,host2:5433/database?sslmode=verify-full&sslrootcert=FILE (of several hosts the
                      one that takes writes is used; a password comes from PGPASSWORD or ~/.pgpass). Or in the
                      environment: DROVER_STORE. Default: files of the data directory
  --content-gib N     with --store: the most that the content of files takes of the database (default 1024); beyond it
                      uploads are refused
  --content-cache-gib N
                      with --store: the most that copies of it take of this controller's disk (default 10)`;

export const storeFlags = {
  store: { type: 'string' },
  'content-gib': { type: 'string', default: '1024' },
  'content-cache-gib': { type: 'string', default: '10' },
} as const;

/** Bounds, in bytes. */
export interface ContentBounds {
  readonly contentBytes: number;
  readonly cacheBytes: number;
}

/** @throws ApiError BadRequest naming the option. */
export const parseContentBounds = (
  values: Readonly<Record<'content-gib' | 'content-cache-gib', string>>,
): ContentBounds => {
  const bytes = (name: keyof typeof values, least: number): number => {
    const value = /^\d{1,7}$/.test(values[name]) ? Number(values[name]) : Number.NaN;
    if (value >= least) return value * 1024 ** 3;
    const why = `--${name} must be a whole number from ${least} to 9999999, not "${values[name]}"`;
    throw new ApiError('BadRequest', `cannot start: ${why}`);
  };
  return { contentBytes: bytes('content-gib', 1), cacheBytes: bytes('content-cache-gib', 0) };
};

const variable = 'DROVER_STORE';

/**
 * The address of the database; undefined: the data directory. Takes it out of the environment, which the programs that the
 * controller starts inherit. @throws ApiError BadRequest.
 */
export const takeStore = (
  values: { readonly store?: string | undefined },
  environment: NodeJS.ProcessEnv,
): string | undefined => {
  const named = environment[variable];
  delete environment[variable];
  if (values.store !== undefined && named !== undefined)
    throw new ApiError('BadRequest', `cannot start: of --store and ${variable} only one may be given`);
  const url = values.store ?? named;
  if (url !== undefined) parseAddress(url);
  return url;
};

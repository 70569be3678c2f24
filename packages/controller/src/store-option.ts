// Owns how a start says where the rows are kept.
import { ApiError } from '@drover/api';
import { parseAddress } from './store/postgres/address.ts';

export const storeUsage = `  --store URL         keep the rows in a PostgreSQL database (15 or newer), which several controllers may share:
                      postgres://user@host1,host2:5433/database?sslmode=verify-full&sslrootcert=FILE (of several hosts the
                      one that takes writes is used; a password comes from PGPASSWORD or ~/.pgpass). Or in the
                      environment: DROVER_STORE. Default: files of the data directory`;

export const storeFlags = { store: { type: 'string' } } as const;

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

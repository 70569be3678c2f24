// Owns the one PostgreSQL server of a run of tests on PostgreSQL: making one takes seconds, and each file has a process.
import { missingForPostgres, PostgresServer, sharedPortName } from './postgres.ts';

let own: PostgresServer | undefined;

/** Called by vitest before the first file of a project; of several projects, the first one's serves all. */
export const setup = async (): Promise<void> => {
  if (missingForPostgres() !== undefined || process.env[sharedPortName] !== undefined) return;
  own = await PostgresServer.start({ settings: { max_connections: '500' } });
  process.env[sharedPortName] = String(own.port);
};

/** When all files of all projects have ended. */
export const teardown = async (): Promise<void> => {
  if (own === undefined) return;
  delete process.env[sharedPortName];
  await own.close();
};

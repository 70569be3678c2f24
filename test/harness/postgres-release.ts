// Owns the rows of earlier releases in PostgreSQL (test/fixtures/releases): how they are packed, for scripts/release-fixture-postgres.ts,
// and put into a server, for the tests that open them. Keys beside the data and what clients were told are those of release.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { PostgresServer } from './postgres.ts';
import { releasesDir } from './release.ts';

/** In which the rows are. */
export const releaseSchema = 'drover';

const fileOf = (version: string): string => join(releasesDir, version, 'postgres.sql.gz');

/** What says which program dumped which server, and when; a random word of newer ones. */
const withoutPreamble = (sql: string): string =>
  `${sql
    .slice(sql.indexOf('\nCREATE SCHEMA ') + 1)
    .replace(/\n\\unrestrict [^\n]*\n/, '\n')
    .trimEnd()}\n`;

/** The same rows give the same bytes. Returns the name of the file. */
export const packPostgres = async (server: PostgresServer, version: string): Promise<string> => {
  const sql = withoutPreamble(await server.dump(releaseSchema));
  await writeFile(fileOf(version), await promisify(gzip)(sql, { level: 9 }));
  return fileOf(version);
};

/** Into a server that has no such schema. */
export const unpackPostgres = async (server: PostgresServer, version: string): Promise<void> => {
  const sql = await promisify(gunzip)(await readFile(fileOf(version)));
  await server.query(sql.toString());
};

// Makes the rows of this release in PostgreSQL for the upgrade test: test/fixtures/releases/VERSION/postgres.sql.gz, from its data
// directory (release-fixture.ts), which its own program moves there. Run once for each release, from its commit, after that one:
// node scripts/release-fixture-postgres.ts. Needs PostgreSQL.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { controllerFile, root } from '../test/harness/controller.ts';
import { PostgresServer } from '../test/harness/postgres.ts';
import { packPostgres, releaseSchema } from '../test/harness/postgres-release.ts';
import { unpackRelease } from '../test/harness/release.ts';

const mostBytes = 300 * 1024;

const make = async (server: PostgresServer, dir: string, version: string): Promise<string> => {
  await unpackRelease(version, dir);
  await server.query(`CREATE SCHEMA ${releaseSchema}`);
  const words = ['migrate-store', '--from', join(dir, 'data'), '--to', server.url(releaseSchema)];
  await promisify(execFile)(controllerFile, words);
  return packPostgres(server, version);
};

const main = async (): Promise<void> => {
  // Our own file.
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const dir = await mkdtemp(join(tmpdir(), 'drover-release-'));
  const server = await PostgresServer.start();
  try {
    const file = await make(server, dir, version);
    const { size } = await stat(file);
    process.stdout.write(`${file}: ${Math.ceil(size / 1024)} KiB\n`);
    if (size > mostBytes)
      throw new Error(`cannot keep ${file}: ${size} bytes are more than ${mostBytes}; make less in it`);
  } finally {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  }
};

await main();

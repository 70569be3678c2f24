// Asks a controller of the data of a release everything that a test wants to know, as a program of its own: run at the time
// of the release (at-time.ts), it verifies the controller's certificate at that time, which the tests' own process cannot.
// Arguments: the controller's admin.json, and the folder of the release. Prints Answers as JSON.
import { readFile } from 'node:fs/promises';
import { createClient, secrets } from '@drover/client';
import type { AdminContext } from './controller.ts';
import { type Listing, listEverything, readRelease } from './release.ts';

export interface Answers {
  readonly listing: Listing;
  readonly audit: {
    /** Number of the oldest row. */
    readonly first: number;
    /** Why the chain does not hold. */
    readonly problem?: unknown;
    /** That which was the newest then. */
    readonly row: unknown;
  };
  /** What the Secret team/sealed holds. */
  readonly sealed: string;
  /** Whose the API token is. */
  readonly username: string;
}

const ask = async (context: AdminContext, dir: string): Promise<Answers> => {
  const release = await readRelease(dir);
  const client = createClient(context);
  const own = createClient({ ...context, token: release.secrets.apiToken });
  try {
    const listing = await listEverything(client);
    const { first, problem } = await client.audit.verify();
    const after = release.listing.audit.head.seq - 1;
    const { items } = await client.audit.page({ order: 'oldest', after, limit: 1 });
    const { data } = await client.get(secrets, 'sealed', { namespace: 'team' });
    const sealed = Buffer.from(data?.['password'] ?? '', 'base64').toString();
    const audit = { first, ...(problem === undefined ? {} : { problem }), row: items[0] };
    return { listing, audit, sealed, username: (await own.whoAmI()).username };
  } finally {
    client.close();
    own.close();
  }
};

const [contextFile = '', dir = ''] = process.argv.slice(2);
// Written by the controller.
const context = JSON.parse(await readFile(contextFile, 'utf8')) as AdminContext;
process.stdout.write(JSON.stringify(await ask(context, dir)));

// Owns the data directories of earlier releases (test/fixtures/releases): how they are packed, unpacked and listed, for
// scripts/release-fixture.ts, which makes one, and the tests that open them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubeObject } from '@drover/api';
import {
  type Client,
  commandRuns,
  fileTransfers,
  toCollectionPath,
  type WorkReference,
} from '@drover/client';
import { root } from './controller.ts';

const run = promisify(execFile);

export const releasesDir = join(root, 'test/fixtures/releases');

/** What a test needs to sign in to it. None of it opens anything else. */
export interface ReleaseSecrets {
  readonly user: string;
  readonly password: string;
  /** base32, as an app is given it. */
  readonly totpSecret: string;
  /** Unused. */
  readonly recoveryCode: string;
  /** An API token of the user, without end. */
  readonly apiToken: string;
}

/** What a client is told, in a form that reads the same in every release. */
export interface Listing {
  /** plural.group → its objects. */
  readonly objects: Readonly<Record<string, readonly KubeObject[]>>;
  /** Name of a run or transfer → node → state, exit code, and what it printed. */
  readonly work: Readonly<Record<string, Readonly<Record<string, readonly [string, number, string]>>>>;
  /** sha256 of all content that a push names → bytes. */
  readonly content: Readonly<Record<string, number>>;
  /** id → sha256 of the file. */
  readonly recordings: Readonly<Record<string, string>>;
  /** Number of the newest row of the audit trail, and its hash. */
  readonly audit: { readonly rows: number; readonly head: { readonly seq: number; readonly hash: string } };
}

/** The folder holds data/ (the data directory), data.key, agents/n1, and these two files. */
export interface Release {
  readonly dir: string;
  readonly version: string;
  readonly listing: Listing;
  readonly secrets: ReleaseSecrets;
}

const logOf = async (client: Client, work: WorkReference, node: string): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of client.nodeLog(work, node)) parts.push(part);
  return Buffer.concat(parts).toString();
};

const workOf = async (
  client: Client,
  kind: WorkReference['kind'],
): Promise<[string, Listing['work'][string]][]> => {
  const all: [string, Listing['work'][string]][] = [];
  for await (const { metadata } of client.listAll(kind)) {
    const work = { kind, name: metadata.name ?? '', namespace: metadata.namespace };
    const nodes: Record<string, readonly [string, number, string]> = {};
    for await (const { node, state, result } of client.allResults(work))
      nodes[node] = [state, result?.exitCode ?? 0, await logOf(client, work, node)];
    all.push([work.name, nodes]);
  }
  return all;
};

const digestOf = async (parts: AsyncIterable<Uint8Array>): Promise<readonly [string, number]> => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const part of parts) {
    hash.update(part);
    sizeBytes += part.length;
  }
  return [hash.digest('hex'), sizeBytes];
};

/** Downloads it: throws when the bytes are not those of the name. */
const contentOf = async (client: Client, sha256: string): Promise<[string, number]> => {
  const [found, sizeBytes] = await digestOf(client.content.download(sha256));
  if (found !== sha256) throw new Error(`content ${sha256} has the bytes of ${found}`);
  return [sha256, sizeBytes];
};

const objectsOf = async (client: Client): Promise<[string, readonly KubeObject[]][]> => {
  const { kinds } = await client.discover();
  const listed = kinds.filter(
    ({ verbs, plural, group }) => verbs.includes('list') && `${plural}.${group}` !== 'nodes.metrics.k8s.io',
  );
  const all: [string, readonly KubeObject[]][] = [];
  for (const kind of listed) {
    const path = toCollectionPath(kind, undefined);
    const { items } = await client.http.json<{ readonly items: readonly KubeObject[] }>({ path });
    all.push([kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`, items]);
  }
  return all;
};

/** Everything that a client with all rights is told. */
export const listEverything = async (client: Client): Promise<Listing> => {
  const objects = Object.fromEntries(await objectsOf(client));
  const pushed = (await client.list(fileTransfers)).items.flatMap(({ spec }) => spec.manifest ?? []);
  const recordings = await Promise.all(
    (await client.recordings()).map(
      async ({ id }) => [id, (await digestOf(client.recording(id)))[0]] as const,
    ),
  );
  const { rows, head } = await client.audit.verify();
  return {
    objects,
    work: Object.fromEntries([
      ...(await workOf(client, commandRuns)),
      ...(await workOf(client, fileTransfers)),
    ]),
    content: Object.fromEntries(await Promise.all(pushed.map((sha256) => contentOf(client, sha256)))),
    recordings: Object.fromEntries(recordings),
    audit: { rows, head },
  };
};

/** Logs, locks and the way in of a start are no data. */
const noData = ['*.log', 'pid', 'lock.db*'];

export const packRelease = async (release: Release, into: string): Promise<string> => {
  const { dir, listing, secrets } = release;
  await writeFile(join(dir, 'listing.json'), JSON.stringify(listing));
  await writeFile(join(dir, 'secrets.json'), JSON.stringify(secrets));
  await mkdir(into, { recursive: true });
  const file = join(into, 'data.tar.gz');
  const left = noData.map((name) => `--exclude=${name}`);
  const names = ['data', 'data.key', 'agents', 'listing.json', 'secrets.json'];
  await run('tar', [
    '-c',
    '-f',
    file,
    '-I',
    'gzip -9n',
    '--sort=name',
    '--owner=0',
    '--group=0',
    ...left,
    '-C',
    dir,
    ...names,
  ]);
  return file;
};

/** Versions of which there is one, the oldest first. */
export const knownReleases = async (): Promise<readonly string[]> =>
  (await readdir(releasesDir)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** Of the folder of one that is unpacked. */
export const readRelease = async (dir: string): Promise<Pick<Release, 'listing' | 'secrets'>> => {
  const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(dir, name), 'utf8'));
  // Written by packRelease, of that release; what it says is compared by the tests.
  const listing = (await read('listing.json')) as Listing;
  return { listing, secrets: (await read('secrets.json')) as ReleaseSecrets };
};

export const unpackRelease = async (version: string, dir: string): Promise<Release> => {
  await run('tar', ['-xzf', join(releasesDir, version, 'data.tar.gz'), '--no-same-owner', '-C', dir]);
  return { dir, version, ...(await readRelease(dir)) };
};

/** A minute after the newest object was made: the codes that were used then are of earlier steps. */
export const timeOfRelease = ({ objects }: Listing): number => {
  const made = Object.values(objects)
    .flat()
    .map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''));
  return Math.max(...made.filter(Number.isFinite)) + 60_000;
};

// Owns the list of what is in a support bundle.
// I1: everything in it is one of `parts`, and the README names them all.
// I2: nothing in it can hold the data of Secrets, tokens, passwords, keys, what runs print or are given: no part reads them
//     (fleet.ts I1, configuration.ts I1), and the log never holds them.
// I3: what cannot be read does not keep the rest: a bundle is asked for when something is broken. In its place stands why.
import { join } from 'node:path';
import type { ServerStatus } from '@drover/api';
import { readTail } from '../../platform/read-tail.ts';
import type { Resources } from '../../resources/resources.ts';
import type { AuditStore } from '../../store/store.ts';
import { countDecisions } from './audit.ts';
import type { ShownConfiguration } from './configuration.ts';
import { measureStore } from './files.ts';
import { toCounts, toEvents, toNodes, toWork } from './fleet.ts';
import { readProcess, readVersions } from './process.ts';

const logBytes = 2 * 1024 * 1024;

export interface BundleSources {
  readonly resources: Pick<Resources, 'kinds' | 'size' | 'list'>;
  readonly audit: Pick<AuditStore, 'list' | 'head'>;
  readonly configuration: ShownConfiguration;
  readonly dataDir: string;
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>;
  readonly status: () => Promise<ServerStatus>;
}

export interface BundleFile {
  readonly name: string;
  readonly data: Uint8Array;
}

interface Part {
  readonly name: string;
  readonly about: string;
  /** What is no text or bytes is written as JSON. */
  readonly read: (sources: BundleSources, signal: AbortSignal) => unknown;
}

const parts: readonly Part[] = [
  {
    name: 'versions.json',
    about: 'Drover, Node.js, SQLite, operating system, kernel',
    read: readVersions,
  },
  {
    name: 'configuration.json',
    about: 'how the controller was started: addresses, ports, options; no key, and no path of one',
    read: ({ configuration }) => configuration,
  },
  {
    name: 'process.json',
    about: 'memory, processor time and event loop of the controller; load of its machine',
    read: async ({ metrics }) => readProcess(await metrics()),
  },
  {
    name: 'status.json',
    about: 'what drover server status and drover server doctor show',
    // Of the key it is not told where it is (configuration.ts I1).
    read: async ({ status }) => ({ ...(await status()), encryption: undefined }),
  },
  { name: 'metrics.txt', about: 'the text of /metrics', read: ({ metrics }) => metrics() },
  {
    name: 'objects.json',
    about: 'how many objects of each kind there are',
    read: ({ resources }) => toCounts(resources),
  },
  {
    name: 'nodes.json',
    about: 'nodes by readiness, system and agent version; name and conditions of each',
    read: ({ resources }) => toNodes(resources),
  },
  {
    name: 'work.json',
    about: 'runs and transfers by phase',
    read: ({ resources }) => toWork(resources),
  },
  {
    name: 'events.json',
    about: 'the last 1,000 events, what looks like a secret masked',
    read: ({ resources }) => toEvents(resources),
  },
  {
    name: 'audit.json',
    about: 'how many of the last 10,000 rows of the audit trail were allowed and refused; not the rows',
    read: ({ audit }, signal) => countDecisions(audit, signal),
  },
  {
    name: 'store.json',
    about: 'sizes of database, its log, blobs, recordings and the rest of the data directory; free disk',
    read: ({ dataDir }, signal) => measureStore(dataDir, signal),
  },
  {
    name: 'controller.log',
    about: 'the last 2 MiB of the log',
    read: ({ dataDir }) => readTail(join(dataDir, 'controller.log'), logBytes),
  },
];

const toReadme = (madeAt: string): string => `Support bundle of a Drover controller, made ${madeAt}.

${parts.map(({ name, about }) => `${name.padEnd(20)}${about}`).join('\n')}

A file whose name ends in .error.txt stands for one that could not be read, and says why.

Not in it: Secrets, passwords, tokens, keys, certificates, what runs were given (command line, environment, standard
input) and what they printed, contents of files, recorded terminals, rows of the audit trail, labels and annotations.

In it are names of servers, of objects and of people as events and the log tell them, and addresses. Look through it
before you hand it on.
`;

const toBytes = (value: unknown): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  return Buffer.from(typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`);
};

const readPart = async (
  { name, read }: Part,
  sources: BundleSources,
  signal: AbortSignal,
): Promise<BundleFile> => {
  try {
    return { name, data: toBytes(await read(sources, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { name: `${name}.error.txt`, data: Buffer.from(`cannot read ${name}: ${why}\n`) };
  }
};

/** One file after the other: no more than one is held. Throws when aborted. */
export async function* readBundle(
  sources: BundleSources,
  madeAt: string,
  signal: AbortSignal,
): AsyncGenerator<BundleFile> {
  yield { name: 'README.txt', data: Buffer.from(toReadme(madeAt)) };
  for (const part of parts) yield await readPart(part, sources, signal);
}

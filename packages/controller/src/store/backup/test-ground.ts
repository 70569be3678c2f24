// Owns the ground on which the tests of backups stand: stores of either kind, each in a place of its own, with some of
// everything in them.
import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterEach, beforeEach } from 'vitest';
import { freshSchema, missingForPostgres } from '../../../../../test/harness/postgres.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { openStore } from '../index.ts';
import { openKeptFiles } from '../kept/kept-files.ts';
import { newScrypt } from '../sealing/key-source.ts';
import { type Keyring, openKeyring } from '../sealing/keyring.ts';
import type { ObjectWrite, Store, TaskSpec } from '../store.ts';
import { testThreads } from '../test-threads.ts';
import { type BackupKey, sealBackup } from './container.ts';
import { type WrittenBackup, writeBackup } from './write.ts';

export type Kind = 'SQLite' | 'PostgreSQL';

const missing = missingForPostgres();
export const kinds: readonly { readonly kind: Kind; readonly isSkipped: boolean }[] = [
  { kind: 'SQLite', isSkipped: false },
  { kind: 'PostgreSQL', isSkipped: missing !== undefined && process.env['CI'] !== 'true' },
];

/** Where a store is. */
export interface Place {
  readonly dataDir: string;
  readonly url: string | undefined;
}

export interface Opened {
  readonly place: Place;
  readonly keyring: Keyring;
  readonly store: Store;
}

export const keyOf = (bytes: Buffer): BackupKey => ({
  isPassphrase: false,
  load: async () => createSecretKey(bytes),
});
export const key = keyOf(randomBytes(32));

export const backUp = (
  { place, keyring }: Opened,
  path: string,
  wish: { readonly key?: BackupKey; readonly signal?: AbortSignal } = {},
): Promise<WrittenBackup> =>
  writeBackup(
    { ...place, keyring, clock: systemClock, threads: testThreads },
    { path, key: wish.key ?? key, signal: wish.signal ?? new AbortController().signal },
  );

export const object = (name: string, text: string, resource = 'configmaps'): ObjectWrite => ({
  resource,
  namespace: 'default',
  name,
  type: 'created',
  value: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name },
    data: { text },
  },
});

export const addBlob = async ({ blobs }: Store, data: Buffer): Promise<string> => {
  const sha256 = createHash('sha256').update(data).digest('hex');
  const id = await blobs.beginUpload(data.length, 1);
  await blobs.appendUpload(
    id,
    0,
    (async function* () {
      yield data;
    })(),
  );
  await blobs.finishUpload(id, sha256, 1);
  return sha256;
};

const spec: TaskSpec = {
  ...({ kind: 'command', argv: ['true'], script: '', user: '', cwd: '', env: {}, input: '' } as const),
  maxOutputBytes: 100,
};

/** A run of one task that has printed something. */
export const addRun = async ({ tasks }: Store, id: string, text: string): Promise<void> => {
  const times = { timeoutMs: 1, createdAtMs: 1, expiresAtMs: 9 };
  await tasks.insert(`work-${id}`, spec, [{ id, node: 'n1', index: 0, state: 'queued', ...times }]);
  await tasks.report({
    output: [{ taskId: id, stream: 1, offset: 0, timeMs: 1, data: new TextEncoder().encode(text) }],
    ...{ started: [], progress: [], results: [] },
  });
};

export const recordingId = '01kept00000000000000000000';

/** What a shell has shown, as it came. */
const addRecording = async ({ recordings }: Store): Promise<void> => {
  const tape = await recordings.begin(recordingId, '{"version":2}\n');
  for (const line of ['[0.1,"o","$ "]\n', '[0.2,"o","ls"]\n']) await tape.append(line);
  await tape.close();
};

/** Rows in every sort of table, one of them secret, a recording, and 700 kB of content. */
export const fill = async ({ store }: Opened): Promise<void> => {
  await store.objects.write([object('a', 'one'), object('b', 'planted-4711', 'secrets')]);
  await store.objects.write([object('c', 'ünïcode – 汉字', 'configmaps')]);
  await addRun(store, 'task', 'printed\u0000with a zero byte');
  const secret = { id: 'c', kind: 'token', sha256: 'h', user: 'u', description: '' } as const;
  await store.credentials.add({ ...secret, createdAtMs: 1, expiresAtMs: 9 });
  await store.meta.set('kept', 'value');
  await addRecording(store);
  await addBlob(store, randomBytes(700_000));
};

/** What a Drover of another year writes; there is nothing in it. */
export const newerBackup = async (): Promise<Buffer> => {
  const about = { drover: '9.9.0', schema: 999, createdAt: '2030-01-01T00:00:00Z', revision: 1, counts: {} };
  const given = { about, key: await key.load(newScrypt()), scrypt: undefined };
  return buffer(sealBackup(given, Readable.from([])));
};

/** The same backup, as if it were of that format: its header is whole. */
export const inFormat = (backup: Buffer, format: number): Buffer => {
  const end = 12 + backup.readUInt32BE(8);
  const header = JSON.parse(backup.toString('utf8', 12, end)) as Record<string, unknown>;
  const json = Buffer.from(JSON.stringify({ ...header, format }));
  const start = Buffer.from(backup.subarray(0, 12));
  start.writeUInt32BE(json.length, 8);
  const head = Buffer.concat([start, json]);
  return Buffer.concat([head, createHash('sha256').update(head).digest(), backup.subarray(end + 32)]);
};

/** As a Drover of another year leaves it. */
export const makeNewer = async (place: Place): Promise<void> => {
  if (place.url === undefined) {
    const database = new DatabaseSync(join(place.dataDir, 'drover.db'));
    database.exec('PRAGMA user_version = 999');
    return database.close();
  }
  const client = new Client(place.url);
  await client.connect();
  await client.query('UPDATE drover_schema SET version = 999');
  await client.end();
};

export interface Ground {
  readonly dir: () => string;
  /** An empty place; its data directory is `name`. */
  readonly place: (kind: Kind, name: string) => Promise<Place>;
  readonly open: (place: Place) => Promise<Opened>;
  readonly close: (opened: Opened) => Promise<void>;
}

/** Everything that was opened is closed and removed after each test. */
export const useGround = (): Ground => {
  let dir = '';
  const opened = new Set<Store>();
  const drops: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'drover-backup-'));
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    opened.clear();
    for (const drop of drops.splice(0)) await drop();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    dir: () => dir,
    place: async (kind, name) => {
      const dataDir = join(dir, name);
      if (kind === 'SQLite') return { dataDir, url: undefined };
      const { url, drop } = await freshSchema();
      drops.push(drop);
      return { dataDir, url };
    },
    open: async (place) => {
      const files = await openKeptFiles(place);
      const keyring = await openKeyring({ dataDir: place.dataDir, clock: systemClock, files });
      const rest = { clock: systemClock, log: silentLog, keyring, threads: testThreads };
      const store = await openStore({ ...place, ...rest });
      opened.add(store);
      return { place, keyring, store };
    },
    close: async ({ store }) => {
      opened.delete(store);
      await store.close();
    },
  };
};

// Owns the statements of the object log.
// I1: the revision of a row is the store's counter at its insertion: increasing without gaps inside one call, which writes an
//     object once and refuses before it has written anything.
// I2: a value is stored as the JSON that the caller made (or as what it sealed of it), without
//     metadata.resourceVersion; the row's revision is it.
// I3: compaction removes older rows of a key before its deletion, so that no crash brings an object back.
import { ApiError } from '@drover/api/errors';
import { type Context, loadFloor, saveFloor } from './context.ts';
import { type Awaitable, Refused, type Tuple } from './database.ts';
import { checkDataKey } from './sealed.ts';

export interface EncodedWrite {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'created' | 'updated' | 'deleted';
  readonly uid: string;
  readonly json: string;
  /** Number of the data key under which `json` is sealed; null: it is not. */
  readonly dataKey: number | null;
  readonly expect: number | undefined;
  readonly provided: { readonly home?: number; readonly fewerThan?: number } | undefined;
}

const columns = 'revision, resource, namespace, name, uid, type, value';
const compactRows = 5000;
const insertRow = `INSERT INTO object_log (${columns}, data_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;

const label = (write: EncodedWrite): string =>
  `${write.resource} "${write.namespace === '' ? '' : `${write.namespace}/`}${write.name}"`;

/** Revision of the present row, 0 when there is none. */
const present = async (
  { database }: Context,
  write: Pick<EncodedWrite, 'resource' | 'namespace' | 'name'>,
): Promise<number> => {
  const row = await database.tuple(
    `SELECT revision, type FROM object_log WHERE resource = ? AND namespace = ? AND name = ?
     ORDER BY revision DESC LIMIT 1`,
    write.resource,
    write.namespace,
    write.name,
  );
  return row === undefined || row[1] === 'deleted' ? 0 : Number(row[0]);
};

const check = async (context: Context, write: EncodedWrite): Promise<void> => {
  const verb = { created: 'create', updated: 'update', deleted: 'delete' }[write.type];
  const revision = await present(context, write);
  const mustBeAbsent = write.expect === 0 || write.type === 'created';
  if (mustBeAbsent && revision !== 0) {
    throw new Refused('AlreadyExists', `cannot ${verb} ${label(write)}: it already exists`);
  }
  if (write.type !== 'created' && revision === 0) {
    throw new Refused('NotFound', `cannot ${verb} ${label(write)}: there is no such object`);
  }
  if (write.expect !== undefined && write.expect !== revision) {
    const why = `it has been changed since resourceVersion ${write.expect} (now ${revision}); read it again and repeat the change`;
    throw new Refused('Conflict', `cannot ${verb} ${label(write)}: ${why}`);
  }
};

const count = async ({ database }: Context, { resource, namespace }: EncodedWrite): Promise<number> => {
  const row = await database.tuple(
    `SELECT count(*) FROM (SELECT max(revision) AS revision FROM object_log WHERE resource = ? AND namespace = ?
     GROUP BY name) AS newest JOIN object_log ON object_log.revision = newest.revision WHERE type <> 'deleted'`,
    resource,
    namespace,
  );
  return Number(row?.[0]);
};

/** What the writer looked at may be what another one has changed since. */
const checkProvided = async (context: Context, write: EncodedWrite): Promise<void> => {
  if (write.provided === undefined) return;
  const { home, fewerThan } = write.provided;
  const refuse = (why: string): never => {
    throw new Refused('Conflict', `cannot create ${label(write)}: ${why}; look again`);
  };
  const place = { resource: 'namespaces', namespace: '', name: write.namespace };
  if (home !== undefined && (await present(context, place)) !== home)
    refuse(`its namespace has been changed since resourceVersion ${home}`);
  if (fewerThan !== undefined && (await count(context, write)) >= fewerThan)
    refuse(`its namespace has ${fewerThan} of them already`);
};

const writeAll = async (context: Context, writes: readonly EncodedWrite[]): Promise<number> => {
  const dataKeys = new Set(writes.map((write) => write.dataKey).filter((key) => key !== null));
  await Promise.all([
    ...writes.flatMap((write) => [check(context, write), checkProvided(context, write)]),
    ...[...dataKeys].map((key) => checkDataKey(context, key)),
  ]);
  const first = context.counters.revision + 1;
  for (const { resource, namespace, name, uid, type, json, dataKey } of writes) {
    const revision = ++context.counters.revision;
    context.send(insertRow, revision, resource, namespace, name, uid, type, json, dataKey);
  }
  return first;
};

/** Looks at the next rows after `from`; `last` is how far it got, undefined when through. */
const compactSome = async (
  context: Context,
  range: { readonly from: number; readonly to: number },
): Promise<{ readonly removed: number; readonly last: number | undefined }> => {
  const { database } = context;
  const to = Math.min(range.to, context.counters.revision);
  saveFloor(context, 'compacted', to);
  const row = await database.row(
    `SELECT max(revision) AS last FROM (SELECT revision FROM object_log WHERE revision > ? AND revision <= ?
     ORDER BY revision LIMIT ${compactRows}) AS oldest`,
    range.from,
    to,
  );
  const last = row?.['last'];
  if (typeof last !== 'number') return { removed: 0, last: undefined };
  const removed = await database.run(
    `DELETE FROM object_log WHERE revision > ? AND revision <= ? AND (type = 'deleted' OR EXISTS (
       SELECT 1 FROM object_log AS newer WHERE newer.resource = object_log.resource
       AND newer.namespace = object_log.namespace AND newer.name = object_log.name
       AND newer.revision > object_log.revision))`,
    range.from,
    last,
  );
  return { removed, last };
};

const pageRows = 1_000;

/** Where a page of the snapshot begins: after this key, as things stood at this revision. */
export interface SnapshotPlace {
  readonly revision: number;
  readonly key: readonly [resource: string, namespace: string, name: string];
}

export interface SnapshotPage {
  readonly revision: number;
  /** The newest row of each key, deletions too, sorted by key. */
  readonly rows: readonly Tuple[];
  /** Where the next page begins; undefined: this is the last. */
  readonly next: SnapshotPlace | undefined;
}

const newestRevision = async (context: Context): Promise<number> => {
  const newest = await context.database.row('SELECT coalesce(max(revision), 0) AS n FROM object_log');
  return Math.max(Number(newest?.['n']), await loadFloor(context, 'compacted'));
};

const snapshotPage = async (context: Context, place: SnapshotPlace | undefined): Promise<SnapshotPage> => {
  const { revision, key } = place ?? {
    revision: await newestRevision(context),
    key: ['', '', ''] as const,
  };
  const rows = await context.database.tuples(
    `SELECT ${columns} FROM object_log WHERE revision IN
       (SELECT max(revision) FROM object_log WHERE (resource, namespace, name) > (?, ?, ?) AND revision <= ?
        GROUP BY resource, namespace, name ORDER BY resource, namespace, name LIMIT ${pageRows})
       ORDER BY resource, namespace, name`,
    ...key,
    revision,
  );
  const last = rows.length === pageRows ? rows.at(-1) : undefined;
  const next = last && { revision, key: [String(last[1]), String(last[2]), String(last[3])] as const };
  return { revision, rows, next };
};

/** Rows behind a revision, in order, whatever was compacted. */
export const rowsAfter = (
  { database }: Context,
  query: { readonly revision: number; readonly limit: number },
): Awaitable<readonly Tuple[]> =>
  database.tuples(
    `SELECT ${columns} FROM object_log WHERE revision > ? ORDER BY revision LIMIT ?`,
    query.revision,
    query.limit,
  );

const since = async (
  context: Context,
  query: { readonly revision: number; readonly limit: number },
): Promise<readonly Tuple[]> => {
  const floor = await loadFloor(context, 'compacted');
  if (query.revision < floor) {
    const why = `older than ${floor} is compacted; list again and watch from there`;
    throw new ApiError('Expired', `cannot read changes since resourceVersion ${query.revision}: ${why}`);
  }
  return rowsAfter(context, query);
};

export const objectWrites = { 'objects.write': writeAll, 'objects.compact': compactSome };
export const objectReads = { 'objects.snapshot': snapshotPage, 'objects.since': since };

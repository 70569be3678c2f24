// Owns the statements of the audit trail.
// I1: a row is made where the transaction is, so that rows are chained in the order of their commits.
// I2: what is removed from the old end leaves an anchor, and a row of the chain that says so.
import { hash as digest } from 'node:crypto';
import {
  type AuditEntry,
  type AuditFilter,
  type AuditRecord,
  type ChainPoint,
  type ChainProblem,
  chainProblem,
  chainStart,
  toCanonicalJson,
} from '@drover/api/audit';
import type { CredentialRow, NewCredential } from '../store.ts';
import { matchesAudit } from './audit-filter.ts';
import type { Context } from './context.ts';
import type { Awaitable, Database, Row } from './database.ts';
import type { EncodedWrite } from './objects.ts';

/** Rows that are looked at in one call, whatever is found: a rare filter must not hold up other readers. */
const scanRows = 20_000;
const trimRows = 5_000;

const sha256 = (text: string): string => digest('sha256', text, 'hex');

const append = (context: Context, entry: AuditEntry): void => {
  const { counters } = context;
  const seq = counters.audit + 1;
  const prev = counters.auditHash;
  const row = toCanonicalJson({ ...entry, seq });
  const hash = sha256(prev + row);
  context.send('INSERT INTO audit (seq, prev, hash, "row") VALUES (?, ?, ?, ?)', seq, prev, hash, row);
  Object.assign(counters, { audit: seq, auditHash: hash });
  context.effects.audit.push([seq, hash, `{"hash":"${hash}","prev":"${prev}",${row.slice(1)}`]);
};

/** 'commandruns.drover.dev' → resource and group. */
const splitKey = (key: string): { readonly resource: string; readonly group?: string } => {
  const dot = key.indexOf('.');
  return dot < 0 ? { resource: key } : { resource: key.slice(0, dot), group: key.slice(dot + 1) };
};

/** A sign-in makes an object of whoever comes for the first time. */
const atSignIn = ({ verb, resource, name = '' }: AuditEntry): Partial<AuditEntry> =>
  verb === 'sign-in'
    ? { verb: 'create', reason: `at a first sign-in${resource === 'providers' ? ` by ${name}` : ''}` }
    : {};

const ofObjects = (
  writes: readonly EncodedWrite[],
  first: number,
  entry: AuditEntry,
): readonly Partial<AuditEntry>[] =>
  writes.map((write, index) => ({
    ...splitKey(write.resource),
    ...(write.namespace === '' ? {} : { namespace: write.namespace }),
    name: write.name,
    uid: write.uid,
    resourceVersion: String(first + index),
    ...atSignIn(entry),
    // Server-side apply only finds out here what it came to.
    ...(write.type === 'created' ? { code: 201 } : {}),
    // Of something as short as a password the hash would tell it.
    ...(write.resource === 'secrets' ? {} : { objectSha256: sha256(write.json) }),
  }));

/** How somebody has signed in: it stands nowhere else once the session is over. */
const signedInBy = ({ kind, details = {} }: NewCredential): Pick<AuditEntry, 'reason'> => {
  const { method, secondFactor, enrolOnly } = details;
  if (kind !== 'session' || method === undefined) return {};
  const words = [`by ${method}`, ...(secondFactor === undefined ? [] : [`and ${secondFactor}`])];
  return { reason: `${words.join(' ')}${enrolOnly === true ? ', to enrol a second factor' : ''}` };
};

const ofCredential = (
  verb: string,
  row: Pick<CredentialRow, 'kind' | 'id' | 'user'>,
  entry: AuditEntry,
): Partial<AuditEntry> => {
  const credential = `${row.kind}/${row.id}`;
  // Made for a service account: the request has named it, and that is what is looked for.
  if (entry.subresource === 'token') return { reason: `made ${credential}` };
  const owner = entry.user === '' ? { user: row.user, credential } : {};
  return { verb, resource: `${row.kind}s`, name: row.id, ...owner };
};

const ofAdded = (row: NewCredential, entry: AuditEntry): Partial<AuditEntry> => {
  // A command line that a browser lets in gets a token.
  const isSignIn = row.kind === 'session' || entry.verb === 'sign-in';
  return { ...ofCredential(isSignIn ? 'sign-in' : 'create', row, entry), ...signedInBy(row) };
};

/** A link is used up; a session or token that is taken is signed out. */
const takenAs = ({ kind }: CredentialRow): string => (kind === 'link' ? 'use' : 'sign-out');

/** What an operation has changed, one row each. The operations are those of store/audit-scope.ts. */
const changesOf = (
  operation: string,
  argument: unknown,
  value: unknown,
  entry: AuditEntry,
): readonly Partial<AuditEntry>[] => {
  switch (operation) {
    case 'objects.write':
      return ofObjects(argument as readonly EncodedWrite[], Number(value), entry);
    case 'credentials.add':
      return [ofAdded(argument as NewCredential, entry)];
    case 'credentials.take':
      return value === undefined
        ? []
        : [ofCredential(takenAs(value as CredentialRow), value as CredentialRow, entry)];
    default:
      throw new Error(`cannot audit ${operation}: nothing is known of what it changes`);
  }
};

/** In the transaction of the operation, and undone with it: both or neither. */
export const appendChanges = (
  context: Context,
  operation: string,
  argument: unknown,
  value: unknown,
  entry: AuditEntry,
): void => {
  for (const change of changesOf(operation, argument, value, entry)) append(context, { ...entry, ...change });
};

/** A row that cannot even be read is one that was changed: it gets a hash that fits nothing. */
const toRecord = (stored: Row): AuditRecord => {
  const [seq, prev, hash] = [Number(stored['seq']), String(stored['prev']), String(stored['hash'])];
  try {
    return { ...(JSON.parse(String(stored['row'])) as AuditRecord), prev, hash };
  } catch {
    return { seq, prev, hash: '', time: '', user: '', verb: '', resource: '', decision: 'deny' };
  }
};

const columns = 'seq, prev, hash, "row"';

/** Read one by one: who has found enough does not read on. */
const rowsAfter = ({ database }: Context, after: number, limit: number): ReturnType<Database['each']> =>
  database.each(`SELECT ${columns} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit);

const rowsBefore = ({ database }: Context, before: number, limit: number): ReturnType<Database['each']> =>
  database.each(`SELECT ${columns} FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before, limit);

const someAfter = ({ database }: Context, after: number, limit: number): Awaitable<readonly Row[]> =>
  database.rows(`SELECT ${columns} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit);

export interface AuditScan {
  readonly filter: AuditFilter;
  /** Newest first from below `before`, or oldest first from above `after`. */
  readonly from: { readonly before: number } | { readonly after: number };
  readonly limit: number;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** Number of the row that was looked at last; undefined when there are no more. */
  readonly last: number | undefined;
}

const list = async (context: Context, { filter, from, limit }: AuditScan): Promise<AuditPage> => {
  const rows =
    'after' in from ? rowsAfter(context, from.after, scanRows) : rowsBefore(context, from.before, scanRows);
  const records: AuditRecord[] = [];
  let seen = 0;
  for await (const row of rows) {
    const record = toRecord(row);
    seen += 1;
    if (matchesAudit(record, filter)) records.push(record);
    if (records.length === limit || seen === scanRows) return { records, last: Number(row['seq']) };
  }
  return { records, last: undefined };
};

const toPoint = (row: Row): ChainPoint => ({ seq: Number(row['seq']), hash: String(row['hash']) });

const anchor = async ({ database }: Context): Promise<ChainPoint> => {
  const found = await database.row('SELECT seq, hash FROM audit_anchor');
  return found === undefined ? chainStart : toPoint(found);
};

/** The text by which a row of the chain vouches for the anchor. */
const anchorText = ({ seq, hash }: ChainPoint): string => `rows up to ${seq} (${hash})`;

export interface VerifyStep {
  readonly point: ChainPoint;
  readonly rows: number;
  readonly problem: ChainProblem | undefined;
  /** Whether one of these rows vouches for the anchor. */
  readonly vouched: boolean;
}

/** Checks some rows behind `from`; no rows: there are none. `known`: what the row of that number must be. */
const verify = async (
  context: Context,
  { from, known, limit }: { readonly from: ChainPoint; readonly known: ChainPoint; readonly limit: number },
): Promise<VerifyStep> => {
  const rows = await someAfter(context, from.seq, limit);
  const start = anchorText(await anchor(context));
  let point = from;
  let vouched = false;
  for (const row of rows) {
    const record = toRecord(row);
    const seq = Number(row['seq']);
    const changed = seq !== record.seq && { seq, why: `row ${seq} was changed or moved` };
    const other = record.seq === known.seq && record.hash !== known.hash;
    const rewritten = other && { seq, why: `row ${seq} is not the one that was written` };
    const problem = changed || chainProblem(point, record, sha256) || rewritten || undefined;
    if (problem !== undefined) return { point, rows: rows.length, problem, vouched };
    vouched ||= record.verb === 'trim' && record.resource === 'audit' && record.reason === start;
    point = { seq: record.seq, hash: record.hash };
  }
  return { point, rows: rows.length, problem: undefined, vouched };
};

/**
 * Removes some of the oldest rows: those before `keepFrom` and those older than `olderThan` (RFC 3339; '' : none).
 * The newest row always stays. Returns how many.
 */
const trim = async (
  context: Context,
  wish: { readonly keepFrom: number; readonly olderThan: string; readonly entry: AuditEntry },
): Promise<number> => {
  const oldest = await someAfter(context, 0, trimRows);
  const kept = oldest.findIndex((row) => {
    const seq = Number(row['seq']);
    return seq === context.counters.audit || (seq >= wish.keepFrom && !(toRecord(row).time < wish.olderThan));
  });
  const removed = kept < 0 ? oldest : oldest.slice(0, kept);
  const newest = removed.at(-1);
  if (newest === undefined) return 0;
  const last = toPoint(newest);
  context.send('DELETE FROM audit WHERE seq <= ?', last.seq);
  context.send(
    `INSERT INTO audit_anchor (id, seq, hash) VALUES (1, ?, ?)
     ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
    last.seq,
    last.hash,
  );
  append(context, { ...wish.entry, reason: anchorText(last) });
  return removed.length;
};

/** Where the chain of an opened database stands. */
export const loadHead = async (database: Database): Promise<ChainPoint> => {
  const found =
    (await database.row('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1')) ??
    (await database.row('SELECT seq, hash FROM audit_anchor'));
  return found === undefined ? chainStart : toPoint(found);
};

export const auditWrites = { 'audit.append': append, 'audit.trim': trim };
export const auditReads = {
  'audit.list': list,
  'audit.verify': verify,
  'audit.anchor': anchor,
  'audit.head': ({ database }: Context): Promise<ChainPoint> => loadHead(database),
};

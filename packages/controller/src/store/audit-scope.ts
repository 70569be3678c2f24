// Owns what an audited request is while it runs: every object and credential that it writes takes a row along.
// I1: the row is in the same transaction as the write; there is no time at which one is durable and the other not.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AuditEntry } from '@drover/api';

/** One request; the store counts the rows that its writes have made. */
export interface AuditScope {
  /** Read at each write. */
  readonly entry: () => AuditEntry;
  rows: number;
}

const scopes = new AsyncLocalStorage<AuditScope>();

/** Writes of the store that change something by somebody's wish. */
const audited: ReadonlySet<string> = new Set(['objects.write', 'credentials.add', 'credentials.take']);

/** Everything that `work` writes belongs to the request. */
export const withinScope = <T>(scope: AuditScope, work: () => Promise<T>): Promise<T> =>
  scopes.run(scope, work);

/** What `work` writes is a consequence that nobody asked for: it has no row. */
export const outsideScope = <T>(work: () => Promise<T>): Promise<T> => scopes.exit(work);

/** The request on whose behalf `operation` is called; undefined when there is none. */
export const scopeOf = (operation: string): AuditScope | undefined =>
  audited.has(operation) ? scopes.getStore() : undefined;

// Owns listing and watching any kind as the server prints it (meta/v1 Table).
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@drover/api/errors';
import type { Client } from '@drover/client';

export interface TableRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly object?: {
    readonly metadata?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
  };
}

export interface Table {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly TableRow[];
}

export const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io';

export interface TableQuery {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
}

/** The whole list, fetched in pages of 500. */
export const loadTable = async (client: Client, from: TableQuery): Promise<Table> => {
  const rows: TableRow[] = [];
  let page: Table | undefined;
  do {
    page = await client.http.json<Table>({
      path: from.path,
      accept: tableType,
      query: { ...from.query, limit: '500', continue: page?.metadata?.continue },
    });
    rows.push(...page.rows);
  } while (page.metadata?.continue);
  return { ...page, rows };
};

const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && error.reason === 'ServiceUnavailable';

interface TableEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Table & {
    readonly message?: string;
    readonly code?: number;
    readonly metadata?: { readonly resourceVersion?: string };
  };
}

export interface TableChange {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly table: Table;
}

/**
 * Changes after `resourceVersion`, without end. A cut is met by watching on; returns (with `undefined` behind it)
 * when the version is too old, so that the caller lists anew.
 */
export async function* watchTable(
  client: Client,
  from: TableQuery,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<TableChange> {
  let version = resourceVersion;
  for (let attempt = 0; ; attempt += 1) {
    const query = { ...from.query, watch: 'true', allowWatchBookmarks: 'true', resourceVersion: version };
    try {
      for await (const event of client.http.lines<TableEvent>({
        path: from.path,
        accept: tableType,
        query,
        signal,
      })) {
        attempt = 0;
        if (event.type === 'ERROR') {
          if (event.object.code === 410) return;
          throw new ApiError('InternalError', event.object.message ?? 'cannot watch: the server gave up');
        }
        version = versionOf(event.object) ?? version;
        if (event.type !== 'BOOKMARK') yield { type: event.type, table: event.object };
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === 410) return;
      if (signal.aborted || !isPassing(error) || attempt > 30) throw error;
    }
    await sleep(Math.min(100 * 2 ** attempt, 2000), undefined, { signal });
  }
}

const versionOf = (table: Table): string | undefined => {
  const row = table.rows?.at(-1)?.object?.metadata as { resourceVersion?: string } | undefined;
  return table.metadata?.resourceVersion || row?.resourceVersion;
};

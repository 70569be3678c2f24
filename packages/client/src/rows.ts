// Owns rows that follow the controller: its own Table of a kind, first in pages, then each change as it comes.
// I1: what comes has the form of any watch with initial events, so that whoever follows objects can follow rows.
import type { KubeObject, Table } from '@drover/api';
import type { ApiError } from '@drover/api/errors';
import { type KindReference, toCollectionPath } from './kinds.ts';
import { tableType, type WatchEvent, type WatchOptions } from './objects.ts';
import { type Transport, toRefusal } from './transport.ts';

/** One object as the server's columns show it. */
export interface ObjectRow extends KubeObject {
  readonly cells: Table['rows'][number]['cells'];
}

export interface RowsApi {
  /** One watch; with `sendInitialEvents` first all rows and the bookmark that ends them. */
  watchRows(kind: KindReference<unknown>, options?: WatchOptions): AsyncIterable<WatchEvent<ObjectRow>>;
}

const pageRows = 500;
const initialEnd = { 'k8s.io/initial-events-end': 'true' };

interface SentEvent {
  readonly type: WatchEvent<unknown>['type'] | 'ERROR';
  readonly object: Table;
}

const toRows = (table: Table): readonly ObjectRow[] =>
  table.rows.map(({ cells, object }) => ({
    // Without includeObject a row carries a PartialObjectMetadata (docs of Kubernetes, "Receiving resources as Tables").
    ...(object as KubeObject),
    cells,
  }));

const bookmark = (
  resourceVersion: string,
  annotations: Readonly<Record<string, string>> = {},
): ObjectRow => ({
  apiVersion: 'meta.k8s.io/v1',
  kind: 'PartialObjectMetadata',
  metadata: { resourceVersion, annotations },
  cells: [],
});

const selection = ({ labelSelector, fieldSelector }: WatchOptions) => ({ labelSelector, fieldSelector });

/** All pages of the table. Returns the version that they are of. */
async function* pages(
  http: Transport,
  path: string,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<ObjectRow>, string> {
  let next: string | undefined;
  let version = '';
  do {
    const query = { ...selection(options), limit: pageRows, continue: next };
    const table: Table = await http.json({ path, query, accept: tableType, signal: options.signal });
    for (const object of toRows(table)) yield { type: 'ADDED', object };
    version = table.metadata.resourceVersion;
    next = table.metadata.continue;
  } while (next !== undefined && next !== '');
  return version;
}

async function* watchRows(
  http: Transport,
  kind: KindReference<unknown>,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent<ObjectRow>> {
  const path = toCollectionPath(kind, options.namespace);
  let { resourceVersion } = options;
  if (options.sendInitialEvents === true) {
    resourceVersion = yield* pages(http, path, options);
    yield { type: 'BOOKMARK', object: bookmark(resourceVersion, initialEnd) };
  }
  const query = { ...selection(options), watch: true, allowWatchBookmarks: true, resourceVersion };
  const events = http.lines<SentEvent>({ path, query, accept: tableType, signal: options.signal });
  for await (const { type, object } of events) {
    if (type === 'ERROR') throw refusal(object, kind);
    if (type === 'BOOKMARK') yield { type, object: bookmark(object.metadata.resourceVersion) };
    else for (const row of toRows(object)) yield { type, object: row };
  }
}

/** What an ERROR event carries is a Status. */
const refusal = (status: unknown, { plural }: KindReference<unknown>): ApiError => {
  const { code = 500 } = status as { readonly code?: number };
  return toRefusal(code, JSON.stringify(status), `watch ${plural}`);
};

export const createRowsApi = (http: Transport): RowsApi => ({
  watchRows: (kind, options) => watchRows(http, kind, options),
});

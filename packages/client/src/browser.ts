// Owns the client of browser pages: what the client for programs offers, as far as a page may have it.
import { type AuditApi, createAuditApi } from './audit.ts';
import { type BlobStore, createBlobStore } from './blobs.ts';
import { type Discovery, discover } from './discovery.ts';
import { createFetch, type FetchEvents } from './fetch.ts';
import { createNodesApi, type NodesApi } from './nodes.ts';
import { type CallOptions, createObjects, type Objects } from './objects.ts';
import { createPeopleApi, type PeopleApi } from './people.ts';
import { createRowsApi, type RowsApi } from './rows.ts';
import { createSystemApi, type SystemApi } from './system.ts';
import type { Transport } from './transport.ts';
import { createWorkApi, type WorkApi } from './work.ts';

export interface BrowserClient extends Objects, RowsApi, WorkApi, PeopleApi, SystemApi, NodesApi {
  readonly transport: Transport;
  readonly audit: AuditApi;
  readonly blobs: BlobStore;
  /** Every kind that the controller serves. */
  discover(options?: CallOptions): Promise<Discovery>;
}

/** `origin`: https://host:port, and the path under which a proxy shows the controller, if any. */
export const createBrowserClient = (origin: string, events: FetchEvents = {}): BrowserClient => {
  const transport = createFetch(origin, events);
  return {
    transport,
    ...createObjects(transport),
    ...createRowsApi(transport),
    ...createWorkApi(transport),
    ...createPeopleApi(transport),
    ...createSystemApi(transport),
    ...createNodesApi(transport),
    audit: createAuditApi(transport),
    blobs: createBlobStore(transport),
    discover: ({ signal } = {}) => discover(transport, signal),
  };
};

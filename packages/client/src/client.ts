// Owns the client: everything that docs/protocol.md section 1 offers, over one kept-alive connection.
import { type AuditApi, createAuditApi } from './audit.ts';
import { type Content, createContent } from './content.ts';
import { type Discovery, discover } from './discovery.ts';
import { createHttp, type Endpoint, type Http } from './http.ts';
import { createNodesApi, type NodesApi } from './nodes.ts';
import { type CallOptions, createObjects, type Objects } from './objects.ts';
import { createPeopleApi, type PeopleApi } from './people.ts';
import { openTerminal, type ShellOptions, type Terminal } from './shell.ts';
import { createSystemApi, type SystemApi } from './system.ts';
import { createWorkApi, type WorkApi } from './work.ts';

export interface Client extends Objects, WorkApi, PeopleApi, SystemApi, NodesApi {
  readonly http: Http;
  readonly content: Content;
  readonly audit: AuditApi;
  /** Every kind that the controller serves. */
  discover(options?: CallOptions): Promise<Discovery>;
  shell(node: string, options: ShellOptions): Promise<Terminal>;
  /** Closes the connections. */
  close(): void;
}

export const createClient = (endpoint: Endpoint): Client => {
  const http = createHttp(endpoint);
  return {
    http,
    ...createObjects(http),
    ...createWorkApi(http),
    ...createPeopleApi(http),
    ...createSystemApi(http),
    ...createNodesApi(http),
    content: createContent(http),
    audit: createAuditApi(http),
    discover: ({ signal } = {}) => discover(http, signal),
    shell: (node, options) => openTerminal(http, node, options),
    close: () => http.close(),
  };
};

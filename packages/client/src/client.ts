// Owns the client: everything that docs/protocol.md section 1 offers, over one kept-alive connection.
import type { Signed } from '@drover/api';
import type { Status } from '@drover/api/errors';
import { type AuditApi, createAuditApi } from './audit.ts';
import { type Content, createContent } from './content.ts';
import { type Discovery, discover } from './discovery.ts';
import { createHttp, type Endpoint, type Http } from './http.ts';
import { nodes, toObjectPath } from './kinds.ts';
import { type CallOptions, createObjects, type Objects } from './objects.ts';
import { createPeopleApi, type PeopleApi } from './people.ts';
import { openTerminal, type ShellOptions, type Terminal } from './shell.ts';
import { createSystemApi, type SystemApi } from './system.ts';
import { createWorkApi, type WorkApi } from './work.ts';

export interface NodeFacts {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly heartbeat: Readonly<Record<string, number>> | null;
  readonly agent: {
    readonly serial: string;
    readonly agentVersion: string;
    readonly agentSha256: string;
    readonly pythonVersion: string;
    readonly connected: boolean;
    readonly sinceMs: number;
  } | null;
}

export interface Client extends Objects, WorkApi, PeopleApi, SystemApi {
  readonly http: Http;
  readonly content: Content;
  readonly audit: AuditApi;
  /** Every kind that the controller serves. */
  discover(options?: CallOptions): Promise<Discovery>;
  facts(node: string, options?: CallOptions): Promise<NodeFacts>;
  shell(node: string, options: ShellOptions): Promise<Terminal>;
  /** `signed`: for nodes that want operators' signatures. */
  updateAgent(
    node: string,
    options?: CallOptions & { readonly signed?: Signed | undefined },
  ): Promise<Status>;
  uninstallAgent(node: string, options?: CallOptions): Promise<Status>;
  /** Closes the connections. */
  close(): void;
}

export const createClient = (endpoint: Endpoint): Client => {
  const http = createHttp(endpoint);
  const agentPath = (node: string, verb: string): string => `/agents/${encodeURIComponent(node)}/${verb}`;
  return {
    http,
    ...createObjects(http),
    ...createWorkApi(http),
    ...createPeopleApi(http),
    ...createSystemApi(http),
    content: createContent(http),
    audit: createAuditApi(http),
    discover: ({ signal } = {}) => discover(http, signal),
    facts: (node, { signal } = {}) => http.json({ path: `${toObjectPath(nodes, node)}/facts`, signal }),
    shell: (node, options) => openTerminal(http, node, options),
    updateAgent: (node, { signal, signed } = {}) =>
      http.json({
        method: 'POST',
        path: agentPath(node, 'update'),
        signal,
        ...(signed === undefined ? {} : { body: { signed } }),
      }),
    uninstallAgent: (node, { signal } = {}) =>
      http.json({ method: 'POST', path: agentPath(node, 'uninstall'), signal }),
    close: () => http.close(),
  };
};

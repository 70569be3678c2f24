// Owns the client: everything that docs/protocol.md section 1 offers, over one kept-alive connection.
import type { EncryptionStatus, RotateWish } from '@drover/api';
import { type AuditApi, createAuditApi } from './audit.ts';
import { type Content, createContent } from './content.ts';
import { type Discovery, discover } from './discovery.ts';
import { createHttp, type Endpoint, type Http } from './http.ts';
import { createNodesApi, type NodesApi } from './nodes.ts';
import { type CallOptions, createObjects, type Objects } from './objects.ts';
import { createPeopleApi, type PeopleApi } from './people.ts';
import { openTerminal, type ShellOptions, type Terminal } from './shell.ts';
import { createWorkApi, type WorkApi } from './work.ts';

export interface RecordingInfo {
  readonly id: string;
  readonly node: string;
  readonly user: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly sizeBytes: number;
}

export interface Client extends Objects, WorkApi, PeopleApi, NodesApi {
  readonly http: Http;
  readonly content: Content;
  readonly audit: AuditApi;
  /** Every kind that the controller serves. */
  discover(options?: CallOptions): Promise<Discovery>;
  shell(node: string, options: ShellOptions): Promise<Terminal>;
  recordings(options?: CallOptions): Promise<readonly RecordingInfo[]>;
  /** The asciicast file. */
  recording(id: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** Under which keys secrets are kept. */
  encryption(options?: CallOptions): Promise<EncryptionStatus>;
  /** Begins with a new data key; `encryption` shows how far it is. */
  rotateKey(wish: RotateWish, options?: CallOptions): Promise<EncryptionStatus>;
  version(options?: CallOptions): Promise<{ readonly gitVersion: string }>;
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
    ...createNodesApi(http),
    content: createContent(http),
    audit: createAuditApi(http),
    discover: ({ signal } = {}) => discover(http, signal),
    shell: (node, options) => openTerminal(http, node, options),
    recordings: async ({ signal } = {}) => {
      const list = await http.json<{ readonly items: readonly RecordingInfo[] }>({
        path: '/recordings',
        signal,
      });
      return list.items;
    },
    recording: (id, { signal } = {}) =>
      http.bytes({ path: `/recordings/${encodeURIComponent(id)}`, accept: '*/*', signal }),
    encryption: ({ signal } = {}) => http.json({ path: '/encryption', signal }),
    rotateKey: (wish, { signal } = {}) =>
      http.json({ method: 'POST', path: '/encryption/rotate', body: wish, signal }),
    version: ({ signal } = {}) => http.json({ path: '/version', signal }),
    close: () => http.close(),
  };
};

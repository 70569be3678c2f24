// Owns what clients ask of one node beside its object: facts, what it was asked to do, and its agent.
import type { Signed, Task } from '@drover/api';
import type { Status } from '@drover/api/errors';
import { nodes, toObjectPath } from './kinds.ts';
import type { CallOptions } from './objects.ts';
import { type ResumeOptions, resumed } from './resume.ts';
import type { Transport } from './transport.ts';

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
  /** With which it last connected. */
  readonly certificate?: {
    readonly serial: string;
    readonly fingerprint: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly revokedAt: string | null;
  } | null;
}

/** A task with the work that it is of. */
export interface NodeTask extends Task {
  readonly kind: 'CommandRun' | 'FileTransfer';
  readonly namespace: string;
  readonly name: string;
  /** Of the work. */
  readonly labels: Readonly<Record<string, string>>;
}

/** READY: all that there was has been told. */
export type NodeTaskEvent = { readonly type: 'TASK'; readonly task: NodeTask } | { readonly type: 'READY' };

export interface NodesApi {
  facts(node: string, options?: CallOptions): Promise<NodeFacts>;
  /** The newest tasks of the node, oldest first, and then each change; all anew after a cut. */
  watchNodeTasks(
    node: string,
    options?: ResumeOptions & { readonly limit?: number },
  ): AsyncIterable<NodeTaskEvent>;
  /** `signed`: for nodes that want operators' signatures. */
  updateAgent(
    node: string,
    options?: CallOptions & { readonly signed?: Signed | undefined },
  ): Promise<Status>;
  uninstallAgent(node: string, options?: CallOptions): Promise<Status>;
}

const agentPath = (node: string, verb: string): string => `/agents/${encodeURIComponent(node)}/${verb}`;

export const createNodesApi = (http: Transport): NodesApi => ({
  facts: (node, { signal } = {}) => http.json({ path: `${toObjectPath(nodes, node)}/facts`, signal }),
  watchNodeTasks: (node, { limit, ...options } = {}) => {
    const { signal } = options;
    const path = `${toObjectPath(nodes, node)}/tasks`;
    return resumed(() => http.lines<NodeTaskEvent>({ path, query: { watch: 1, limit }, signal }), options);
  },
  updateAgent: (node, { signal, signed } = {}) =>
    http.json({
      method: 'POST',
      path: agentPath(node, 'update'),
      signal,
      ...(signed === undefined ? {} : { body: { signed } }),
    }),
  uninstallAgent: (node, { signal } = {}) =>
    http.json({ method: 'POST', path: agentPath(node, 'uninstall'), signal }),
});

// Owns many real agent processes on this machine, each with a folder of its own, joined to one controller.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '../test/harness/agents.ts';
import type { ControllerProcess } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import { type Api, makeJoinToken, openApi } from './api.ts';
import type { BenchContext } from './bench.ts';

/** So many are started at a time, so that starting Python does not starve those that join. */
const crowdSize = 25;

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Names of the nodes that are Ready. */
export const readyNodes = async (api: Api): Promise<readonly string[]> => {
  const nodes = await api.json<NodeList>('GET', '/api/v1/nodes');
  return nodes.items
    .filter((node) => node.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'))
    .map((node) => node.metadata.name);
};

/** Joins `count` agents named a001 ... and waits until all are Ready. They end with the bench. */
export const startRealFleet = async (
  context: Pick<BenchContext, 'signal' | 'defer'>,
  controller: Pick<ControllerProcess, 'context'>,
  count: number,
  /** A program that is started in place of python3, for the agent of that name. */
  pythonOf?: (name: string) => Promise<string>,
): Promise<readonly AgentProcess[]> => {
  const api = openApi(controller.context);
  const dir = await mkdtemp(join(tmpdir(), 'fleet-'));
  context.defer(() => rm(dir, { recursive: true, force: true }));
  context.defer(() => api.close());
  const token = await makeJoinToken(api, count);
  const agents: AgentProcess[] = [];
  for (let index = 1; index <= count; index++) {
    const name = `a${String(index).padStart(3, '0')}`;
    const python = await pythonOf?.(name);
    agents.push(
      new AgentProcess({
        context: controller.context,
        token,
        dir,
        name,
        ownSession: true,
        ...(python === undefined ? {} : { python }),
      }),
    );
  }
  context.defer(async () => {
    await Promise.all(agents.map((agent) => agent.end('SIGKILL')));
  });
  for (let started = 0; started < count; ) {
    context.signal.throwIfAborted();
    const crowd = agents.slice(started, started + crowdSize);
    await Promise.all(crowd.map((agent) => agent.join()));
    started += crowd.length;
    await waitFor(
      `${started} agents to be Ready`,
      async () => (await readyNodes(api)).length >= started,
      60_000,
    );
  }
  return agents;
};

// Owns updating many agents: a few first, the rest only when those came back well.
// I1: a node counts as updated once it is connected with the wanted agent file, not when it was told.
// I2: an update is signed only when the file that the controller gives out is one that the person has, and trusts:
//     else a controller in strange hands would have its own agent signed.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Signed } from '@drover/api';
import { ApiError } from '@drover/api/errors';
import type { Client } from '@drover/client';
import { Failure } from '../failure.ts';
import { readInput } from '../platform/input-file.ts';
import type { Signing } from '../signing/sign.ts';

export interface AgentUpdate {
  readonly client: Client;
  readonly nodes: readonly string[];
  readonly canary: number;
  readonly width: number;
  readonly timeoutMs: number;
  /** Signs the file that the person trusts, for nodes that take signed requests only. */
  readonly signing?: Signing & { readonly agentFile: string };
  readonly onDone: (node: string, words: string) => void;
}

const pollMs = 500;

/** sha256 of the agent file that the controller gives out. */
const wantedSha256 = async (client: Client): Promise<string> => {
  const hash = createHash('sha256');
  for await (const part of client.http.bytes({ path: '/join/agent.py', accept: '*/*' })) hash.update(part);
  return hash.digest('hex');
};

/** The agent's own account of its last update (docs/protocol.md section 6). */
interface LastUpdate {
  readonly sha256?: string;
  /** trying, done, refused (the old one never left) or failed (the old one is back). */
  readonly outcome?: string;
  readonly reason?: string;
  readonly timeMs?: number;
}

interface AgentState {
  readonly isUpdated: boolean;
  readonly last: LastUpdate;
}

const look = async (client: Client, node: string, sha256: string): Promise<AgentState> => {
  const { agent, facts } = await client.facts(node);
  // Facts are what an agent says: anything may be missing, nothing is relied on.
  const told = facts['agent'] as { readonly lastUpdate?: LastUpdate | null } | undefined;
  const isUpdated = agent?.connected === true && agent.agentSha256 === sha256;
  return { isUpdated, last: told?.lastUpdate ?? {} };
};

const failedWords: Readonly<Record<string, string>> = {
  refused: 'its agent refused the new file',
  failed: 'the new agent failed there, the old one is back',
};

/** Resolves to what became of it; throws when it failed or did not come back in time. */
const updateOne = async (
  update: AgentUpdate,
  node: string,
  sha256: string,
  signed?: Signed,
): Promise<string> => {
  const before = await look(update.client, node, sha256);
  if (before.isUpdated) return 'is up to date';
  await update.client.updateAgent(node, { signed });
  const deadlineMs = performance.now() + update.timeoutMs;
  for (;;) {
    const { isUpdated, last } = await look(update.client, node, sha256);
    if (isUpdated) return 'updated';
    const words = failedWords[last.outcome ?? ''];
    if (words !== undefined && last.sha256 === sha256 && last.timeMs !== before.last.timeMs)
      throw new Failure(`cannot update ${node}: ${words}: ${last.reason ?? ''}`);
    if (performance.now() > deadlineMs)
      throw new Failure(
        `cannot update ${node}: not back with the new agent within ${update.timeoutMs / 1000} s`,
      );
    await sleep(pollMs);
  }
};

const updateBatch = async (
  update: AgentUpdate,
  nodes: readonly string[],
  sha256: string,
  signed: Signed | undefined,
): Promise<number> => {
  const left = [...nodes];
  let failed = 0;
  const work = async (): Promise<void> => {
    for (let node = left.shift(); node !== undefined; node = left.shift())
      try {
        update.onDone(node, await updateOne(update, node, sha256, signed));
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof Failure)) throw error;
        failed += 1;
        update.onDone(node, `failed: ${error.message}`);
      }
  };
  await Promise.all(Array.from({ length: Math.min(update.width, nodes.length) }, work));
  return failed;
};

/** I2. */
const signUpdate = async (update: AgentUpdate, sha256: string): Promise<Signed | undefined> => {
  const { signing, nodes } = update;
  if (signing === undefined) return undefined;
  const file = signing.agentFile;
  const trusted = createHash('sha256')
    .update(await readInput(file, '--agent-file'))
    .digest('hex');
  if (trusted !== sha256)
    throw new Failure(`cannot sign the update: the controller gives out another agent than ${file}`, {
      remedy: `the controller's has sha256 ${sha256}; if you trust it, name a copy that you got elsewhere: --agent-file`,
    });
  const { signAsked } = await import('../signing/sign.ts');
  return signAsked({ update: { sha256 } }, nodes, signing);
};

/** Resolves to how many were not updated, those not tried included. */
export const updateAgents = async (update: AgentUpdate): Promise<number> => {
  const sha256 = await wantedSha256(update.client);
  const signed = await signUpdate(update, sha256);
  const first = update.nodes.slice(0, update.canary);
  const rest = update.nodes.slice(update.canary);
  const failed = await updateBatch(update, first, sha256, signed);
  if (failed > 0) {
    for (const node of rest) update.onDone(node, 'left alone: the first nodes failed');
    return failed + rest.length;
  }
  return updateBatch(update, rest, sha256, signed);
};

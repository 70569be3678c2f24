// Owns the end of a node: what happens between its deletion and its disappearance.
// I1: a node disappears only after its certificates are revoked, so that its agent can never come back by itself.
// I2: an agent is asked to remove itself before that, but a node that does not answer is removed all the same.
import { annotation, type KubeObject, nodeFinalizer, nodeKind } from '@drover/api';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { Resources } from '../../resources/resources.ts';
import { recordEvent } from '../events.ts';
import type { AgentView } from './facts.ts';

export interface RemovalDeps {
  readonly resources: Resources;
  readonly agents: { remove(node: string): Promise<void> };
  readonly credentials: {
    revokeCertificates(subject: string, nowMs: number): Promise<readonly string[]>;
  };
  readonly gateway: {
    disconnect(node: string, reason: string): void;
    uninstallAgent(node: string): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** Revokes every certificate of the node, which cuts its session, and forgets its agent. */
export const forgetAgent = async (deps: RemovalDeps, node: string): Promise<void> => {
  await deps.credentials.revokeCertificates(`node:${node}`, deps.clock.nowMs());
  deps.gateway.disconnect(node, 'the node was deleted');
  await deps.agents.remove(node);
};

/** I2. */
const uninstall = async (
  deps: RemovalDeps,
  object: KubeObject,
  agent: AgentView | undefined,
): Promise<void> => {
  const node = object.metadata.name ?? '';
  const problem =
    agent?.connected === true
      ? await deps.gateway.uninstallAgent(node).then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        )
      : 'it is not connected';
  const told =
    problem === undefined ? 'the agent removes itself' : `the agent stays on the server: ${problem}`;
  deps.log.info({ node }, told);
  await recordEvent(deps, {
    object,
    type: problem === undefined ? 'Normal' : 'Warning',
    reason: problem === undefined ? 'AgentUninstalled' : 'AgentNotUninstalled',
    message: told,
    component: 'node-controller',
  });
};

/** Does what the deletion of the node asks for, then lets it go. */
export const removeNode = async (
  deps: RemovalDeps,
  object: KubeObject,
  agent: AgentView | undefined,
): Promise<void> => {
  const { name: node = '', finalizers = [], annotations = {} } = object.metadata;
  if (!finalizers.includes(nodeFinalizer)) return;
  if (annotations[annotation.uninstall] === 'true') await uninstall(deps, object, agent);
  await forgetAgent(deps, node);
  await deps.resources.modify(nodeKind, '', node, (now) => ({
    ...now,
    metadata: {
      ...now.metadata,
      finalizers: (now.metadata.finalizers ?? []).filter((one) => one !== nodeFinalizer),
    },
  }));
};

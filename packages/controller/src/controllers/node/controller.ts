// Owns the loop over all nodes: what agents tell becomes labels, status and Events of their Node objects.
// I1: a node is written only when something changed for people; thousands that reconnect in time write nothing.
// I2: an agent that is away shortly is not yet lost: the node is told lost after a grace, a longer one while the
//     controller has just started and everybody is on the way back.
// I3: an agent without a node is not let in: its certificates are revoked.
// I4: why an agent went away is heard before the store says that it did: the reason is kept, over any pass in
//     between, until it is told, the agent is back or the node is gone.
// I5: of several controllers the one that its agent is, or was last, connected to looks after a node; the leader after the rest.
import { ApiError, type KubeObject, nodeFinalizer, nodeKind } from '@drover/api';
import { createKeyedQueue, type KeyedQueue } from '../../platform/keyed-queue.ts';
import { followKind } from '../../resources/follow.ts';
import { recordEvent } from '../events.ts';
import type { AgentView } from './facts.ts';
import { forgetAgent, type RemovalDeps, removeNode } from './removal.ts';
import { conditionOf, tellsOfPressure, withLabels, withStatus } from './status.ts';
import { type NodeReport, notReady, toldOfChange, toldOfReport } from './tell.ts';

type Owned = Pick<AgentView, 'node' | 'controller'>;
type Heartbeat = NonNullable<AgentView['heartbeat']>;

export interface NodeControllerDeps extends RemovalDeps {
  readonly agents: {
    get(node: string): Promise<AgentView | undefined>;
    owners(): Promise<readonly Owned[]>;
    remove(node: string): Promise<void>;
    onChange(listener: (node: string, agent: Owned | undefined) => void): () => void;
    onHeartbeat(listener: (node: string, heartbeat: Heartbeat) => void): () => void;
  };
  /** I5: whether this controller looks after the node of this agent; of one without an agent: undefined. Default: always. */
  readonly minds?: (agent: Pick<Owned, 'controller'> | undefined) => boolean;
  /** How long an agent may be away before its node is told lost. Default 5 s. */
  readonly graceMs?: number;
  /** Until this long after the start nobody is told lost. Default 30 s. */
  readonly startGraceMs?: number;
}

export interface NodeController {
  /** Takes a report of something that the state of agents does not show. */
  tell(report: NodeReport): void;
  /** Looks at every node: others may be minded here than before (I5). */
  lookAtAll(): void;
  close(): Promise<void>;
}

const width = 32;
const sweepEveryMs = 20_000;
const component = 'node-controller';

class NodeLoop implements NodeController {
  readonly #deps: NodeControllerDeps;
  readonly #queue: KeyedQueue;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #sweep: NodeJS.Timeout;
  readonly #startedAtMs: number;
  /** I4: reasons of disconnections that are not told yet. */
  readonly #reasons = new Map<string, string>();
  readonly #telling = new Set<Promise<void>>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(deps: NodeControllerDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.clock.nowMs();
    this.#queue = createKeyedQueue({
      step: (node) => this.#step(node),
      width,
      log: deps.log,
      onError: 'cannot bring a node up to date: trying again',
    });
    this.#unsubscribe = [
      deps.agents.onChange((node, agent) => this.#changed(node, agent)),
      deps.agents.onHeartbeat((node, heartbeat) => this.#beat(node, heartbeat)),
    ];
    this.#following = followKind({ ...deps, signal: this.#stop.signal }, nodeKind, ({ type, object }) => {
      const name = object.metadata.name ?? '';
      if (type === 'DELETED') this.#reasons.delete(name);
      this.#queue.add(name);
    });
    this.#sweep = setInterval(() => this.#beginSweep(), sweepEveryMs);
    this.#beginSweep();
  }

  tell(report: NodeReport): void {
    const object = this.#deps.resources.find(nodeKind, '', report.node);
    if (report.kind === 'connected') this.#reasons.delete(report.node);
    if (report.kind === 'disconnected' && object) this.#reasons.set(report.node, report.reason);
    const told = toldOfReport(report);
    if (told === undefined || object === undefined) return;
    const telling: Promise<void> = recordEvent(this.#deps, { ...told, object, component }).finally(() =>
      this.#telling.delete(telling),
    );
    this.#telling.add(telling);
  }

  lookAtAll(): void {
    for (const { metadata } of this.#deps.resources.list(nodeKind).items)
      this.#queue.add(metadata.name ?? '');
    this.#beginSweep();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    clearInterval(this.#sweep);
    await Promise.all([this.#following, this.#queue.close(), this.#sweeping, ...this.#telling]);
  }

  /** Of a fleet of thousands most are looked after elsewhere (I5): for those nothing is asked. */
  #changed(name: string, agent: Owned | undefined): void {
    if (agent === undefined || this.#minds(agent)) this.#queue.add(name);
    else this.#reasons.delete(name);
  }

  #beat(name: string, heartbeat: Heartbeat): void {
    const object = this.#deps.resources.find(nodeKind, '', name);
    if (object !== undefined && tellsOfPressure(object, heartbeat)) this.#queue.add(name);
  }

  async #step(name: string): Promise<void> {
    const { resources, agents } = this.#deps;
    const agent = await agents.get(name);
    if (!this.#minds(agent)) {
      this.#reasons.delete(name);
      return;
    }
    const object = resources.find(nodeKind, '', name);
    if (object === undefined) {
      // I3.
      if (agent !== undefined && (await this.#isGone(name))) await forgetAgent(this.#deps, name);
      return;
    }
    try {
      if (object.metadata.deletionTimestamp !== undefined) await removeNode(this.#deps, object, agent);
      else await this.#update(object, agent);
    } catch (error) {
      const isGone = resources.find(nodeKind, '', name) === undefined;
      if (!isGone || !(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
    }
  }

  /** Not only not heard of yet, as when another controller has just made it. */
  async #isGone(name: string): Promise<boolean> {
    const { resources } = this.#deps;
    await resources.catchUp();
    return resources.find(nodeKind, '', name) === undefined;
  }

  /** I5. */
  #minds(agent: Pick<Owned, 'controller'> | undefined): boolean {
    return this.#deps.minds?.(agent) ?? true;
  }

  async #update(object: KubeObject, agent: AgentView | undefined): Promise<void> {
    const { resources, clock } = this.#deps;
    const name = object.metadata.name ?? '';
    const graceLeftMs = this.#graceLeftMs(object, agent);
    if (graceLeftMs > 0) {
      this.#queue.add(name, graceLeftMs + 1);
      return;
    }
    await resources.modify(nodeKind, '', name, (now) => {
      const labelled = withLabels(now, agent) ?? now;
      const finalizers = labelled.metadata.finalizers ?? [];
      if (now.metadata.deletionTimestamp !== undefined || finalizers.includes(nodeFinalizer)) return labelled;
      return { ...labelled, metadata: { ...labelled.metadata, finalizers: [...finalizers, nodeFinalizer] } };
    });
    let before = object;
    const change = (now: KubeObject): KubeObject | undefined => {
      before = now;
      return withStatus(now, agent, clock.nowMs());
    };
    const after = await resources.modify(nodeKind, '', name, change, { subresource: 'status' });
    const told = toldOfChange(before, after, this.#reasons.get(name));
    // I4.
    if (told.some(({ reason }) => reason === notReady)) this.#reasons.delete(name);
    for (const one of told) await recordEvent(this.#deps, { ...one, object: after, component });
  }

  /** I2: how long to wait before a node that was ready is told lost; 0: no longer. */
  #graceLeftMs(object: KubeObject, agent: AgentView | undefined): number {
    if (agent === undefined || agent.connected || conditionOf(object, 'Ready')?.status !== 'True') return 0;
    const { clock, graceMs = 5000, startGraceMs = 30_000 } = this.#deps;
    const until = Math.max(agent.sinceMs + graceMs, this.#startedAtMs + startGraceMs);
    return Math.max(0, until - clock.nowMs());
  }

  #beginSweep(): void {
    this.#sweeping = this.#sweeping
      .then(() => this.#lookForStrays())
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'cannot look at the agents'));
  }

  /** Agents without a node (I3): what is asked for is small, since in a fleet of thousands nearly all have one. */
  async #lookForStrays(): Promise<void> {
    const { resources, agents } = this.#deps;
    for (const agent of await agents.owners())
      if (this.#minds(agent) && resources.find(nodeKind, '', agent.node) === undefined)
        this.#queue.add(agent.node);
  }
}

/** Follows agents and nodes until closed. */
export const runNodeController = (deps: NodeControllerDeps): NodeController => new NodeLoop(deps);

// Owns bringing queued tasks to the agents that are connected, and cancels after them.
// I1: a task is marked sent, durably, before its start is written; what certainly was not written goes back.
// I2: one start call per node at a time; a cancel is never written before its start.
// I3: a node's tasks are looked for when it connects and whenever the store says that they changed: nothing waits
//     for a timer except after a failure, and what the fence holds back.
// I4: nothing is marked sent without the fence's leave at that moment, however long ago the task was released.
import { ApiError } from '@drover/api';
import { ProblemError, WireError } from '@drover/api/wire';
import type { Clock } from '../platform/clock.ts';
import type { Fence, Leave } from '../platform/fence.ts';
import type { Log } from '../platform/log.ts';
import type { TaskRow, TaskSpec } from '../store/store.ts';
import type { GatewaySettings, GatewayStore } from './deps.ts';
import { NodeWork } from './node-work.ts';
import { toFinished } from './reconcile.ts';
import type { AgentSession } from './session.ts';
import { Turns } from './turns.ts';
import { type CachedSpec, SpecCache, toWireTask } from './wire-task.ts';

export interface DispatchDeps {
  readonly store: Pick<GatewayStore, 'tasks'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: Pick<GatewaySettings, 'sliceNodes'>;
  readonly fence?: Fence<TaskSpec> | undefined;
}

interface Sendable {
  readonly row: TaskRow;
  readonly cached: CachedSpec;
}

const batchTasks = 500;
const batchBytes = 4 * 1024 * 1024;
const pageRows = 1000;
const retryMs = 1_000;
/** What the fence holds back is looked at again this often, or when it may start if that is sooner. */
const fencedMs = 30_000;

export class Dispatcher {
  private readonly deps: DispatchDeps;
  private readonly specs: SpecCache;
  private readonly turns: Turns;
  private readonly works = new Map<string, NodeWork>();
  private readonly lanes = new Map<string, Promise<void>>();
  private readonly dirty = new Set<NodeWork>();
  private armed = false;
  private readonly unsubscribe: () => void;

  constructor(deps: DispatchDeps) {
    this.deps = deps;
    this.specs = new SpecCache(deps.store.tasks, deps.fence);
    this.turns = new Turns(deps.settings.sliceNodes);
    this.unsubscribe = deps.store.tasks.onChange((rows) => this.changed(rows));
  }

  /** A session that speaks for its node from now on, with the tasks that its agent has already. */
  adopt(session: AgentSession, known: readonly TaskRow[]): void {
    const work = new NodeWork(session);
    for (const row of known) work.own.add(row.id);
    this.works.set(session.peer.node, work);
  }

  cancelAfterWelcome(session: AgentSession, ids: readonly string[]): void {
    const work = this.works.get(session.peer.node);
    if (work?.session === session) for (const id of ids) work.wantCancel(id);
  }

  /** The welcome has been written: everything that waits for the node goes out. */
  ready(session: AgentSession): void {
    const work = this.works.get(session.peer.node);
    if (work?.session !== session) return;
    work.backlog = true;
    this.wake(work);
  }

  ended(session: AgentSession): void {
    const work = this.works.get(session.peer.node);
    if (work?.session !== session) return;
    work.end();
    this.works.delete(session.peer.node);
  }

  /** True for tasks that this node has been sent; false says nothing (ask the store). */
  owns(node: string, taskId: string): boolean {
    return this.works.get(node)?.own.has(taskId) ?? false;
  }

  /** Resolves when nothing for the node is under way between store and socket. */
  async settled(node: string): Promise<void> {
    await this.lanes.get(node);
  }

  close(): void {
    this.unsubscribe();
    for (const work of this.works.values()) work.end();
    this.works.clear();
  }

  private changed(rows: readonly TaskRow[]): void {
    for (const row of rows) {
      const work = this.works.get(row.node);
      if (work && this.note(work, row)) this.wake(work);
    }
  }

  /** True when there is something to send. */
  private note(work: NodeWork, row: TaskRow): boolean {
    switch (row.state) {
      case 'queued':
        work.queued.set(row.id, row);
        return true;
      case 'sent':
      case 'running':
        work.queued.delete(row.id);
        work.own.add(row.id);
        return row.cancelRequested && work.wantCancel(row.id);
      case 'waiting':
        return false;
      default:
        work.forget(row.id);
        return false;
    }
  }

  private wake(work: NodeWork): void {
    this.dirty.add(work);
    if (this.armed) return;
    this.armed = true;
    setImmediate(() => {
      this.armed = false;
      const works = [...this.dirty];
      this.dirty.clear();
      for (const each of works) this.serve(each);
    });
  }

  /** Starts the node's lane unless it runs already; a lane looks for more before it ends. */
  private serve(work: NodeWork): void {
    const { node } = work.session.peer;
    if (!work.session.live) return;
    this.sendCancels(work);
    if (work.held || this.lanes.has(node)) return;
    const lane = this.runLane(work)
      .catch((err) => {
        this.deps.log.error({ node, err }, 'cannot send tasks to a node; trying again');
        work.backlog = true;
        if (work.session.live) work.holdFor(retryMs, () => this.wake(work));
      })
      .finally(() => {
        this.lanes.delete(node);
        if (this.hasMore(work)) this.wake(work);
      });
    this.lanes.set(node, lane);
  }

  private hasMore(work: NodeWork): boolean {
    return work.session.live && !work.held && (work.queued.size > 0 || work.backlog);
  }

  private async runLane(work: NodeWork): Promise<void> {
    while (this.hasMore(work)) {
      if (work.queued.size === 0) await this.refill(work);
      const batch = await this.nextBatch(work);
      if (batch.length > 0) await this.sendBatch(work, batch);
      else if (work.backlog) work.holdFor(retryMs, () => this.wake(work));
    }
  }

  private async refill(work: NodeWork): Promise<void> {
    work.backlog = false;
    const { node } = work.session.peer;
    const rows = await this.deps.store.tasks.list({ node, states: ['queued'], limit: pageRows });
    for (const row of rows) work.queued.set(row.id, row);
    work.backlog = rows.length === pageRows;
  }

  /** As many as fit one call; rows whose work is gone are dropped. */
  private async nextBatch(work: NodeWork): Promise<readonly Sendable[]> {
    const rows = work.takeQueued(batchTasks, this.deps.clock.nowMs());
    const batch: Sendable[] = [];
    let bytes = 0;
    for (const row of rows) {
      const cached = await this.specs.get(row.work);
      if (!cached || !(await this.mayStart(work, row, cached))) continue;
      bytes += cached.sizeBytes;
      if (batch.length > 0 && bytes > batchBytes) work.queued.set(row.id, row);
      else batch.push({ row, cached });
    }
    return batch;
  }

  /** I4. */
  private async mayStart(work: NodeWork, row: TaskRow, { gate }: CachedSpec): Promise<boolean> {
    const nowMs = this.deps.clock.nowMs();
    const leave: Leave = gate?.(row.node, nowMs) ?? { kind: 'go' };
    const { tasks } = this.deps.store;
    switch (leave.kind) {
      case 'go':
        return true;
      case 'refuse':
        await tasks.finish([toFinished(row, 'never-started', leave.why, nowMs)], ['queued']);
        return false;
      case 'hold':
        work.fence(row, Math.min(fencedMs, Math.max(1, leave.untilMs - nowMs)), () => this.wake(work));
        if (row.message !== leave.why) await tasks.setMessage([row.id], leave.why);
        return false;
    }
  }

  private async sendBatch(work: NodeWork, batch: readonly Sendable[]): Promise<void> {
    const { session } = work;
    const { tasks } = this.deps.store;
    if (!session.identity) return;
    const ids = batch.map(({ row }) => row.id);
    for (const id of ids) work.starting.add(id);
    try {
      const sent = new Set(await tasks.markSent(ids, session.identity.journalId, this.deps.clock.nowMs()));
      if (sent.size === 0) return;
      if (session.live) await this.turns.next();
      if (!session.live) return await tasks.requeue([...sent], this.deps.clock.nowMs());
      const sending = batch.filter(({ row }) => sent.has(row.id));
      await this.start(work, sending);
    } finally {
      for (const id of ids) work.starting.delete(id);
    }
    this.sendCancels(work);
  }

  private async start(work: NodeWork, batch: readonly Sendable[]): Promise<void> {
    try {
      await work.session.mux.call('start', {
        tasks: batch.map(({ row, cached }) => toWireTask(row, cached.spec)),
      });
    } catch (error) {
      await this.startFailed(work, batch, error);
    }
  }

  private async startFailed(work: NodeWork, batch: readonly Sendable[], error: unknown): Promise<void> {
    const { session } = work;
    const ids = batch.map(({ row }) => row.id);
    if (error instanceof ProblemError && error.code === 'busy') {
      work.holdFor(retryMs, () => this.wake(work));
      return this.deps.store.tasks.requeue(ids, this.deps.clock.nowMs());
    }
    if (error instanceof ProblemError || error instanceof WireError) return this.refused(work, batch, error);
    if (!(error instanceof ApiError)) throw error;
    if (error.reason === 'Timeout') session.close('it did not answer a start in time');
  }

  /** One bad task must not take the others of its call with it: they are tried one by one. */
  private async refused(work: NodeWork, batch: readonly Sendable[], error: Error): Promise<void> {
    const [first] = batch;
    if (batch.length > 1) {
      for (const each of batch) await this.start(work, [each]);
    } else if (first) {
      const nowMs = this.deps.clock.nowMs();
      const reason = `the agent refused it: ${error.message}`;
      await this.deps.store.tasks.finish([toFinished(first.row, 'never-started', reason, nowMs)], ['sent']);
    }
  }

  private sendCancels(work: NodeWork): void {
    const { session } = work;
    const taskIds = work.takeCancels();
    if (taskIds.length === 0) return;
    session.mux.call('cancel', { taskIds }).catch((err) => {
      if (session.closed) return;
      this.deps.log.warn({ node: session.peer.node, err }, 'cannot cancel tasks');
      if (err instanceof ApiError) session.close('it did not answer a cancel in time');
    });
  }
}

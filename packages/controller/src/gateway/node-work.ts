// Owns what the gateway remembers of one connected node's tasks. All of it can be read again from the store.
import type { TaskRow } from '../store/store.ts';
import type { AgentSession } from './session.ts';

export class NodeWork {
  readonly session: AgentSession;
  /** Queued in the store, to be sent. */
  readonly queued = new Map<string, TaskRow>();
  /** Sent or running on this node: what it may report on without asking the store. */
  readonly own = new Set<string>();
  /** In a start call that is not answered yet. */
  readonly starting = new Set<string>();
  /** To be cancelled, and those whose cancel has been sent. */
  readonly toCancel = new Set<string>();
  readonly cancelled = new Set<string>();
  /** The store has more queued rows than were read. */
  backlog = false;
  /** Held back by the fence for the time being. */
  private readonly fenced = new Map<string, TaskRow>();
  private fenceTimer: NodeJS.Timeout | undefined;
  private hold: NodeJS.Timeout | undefined;

  constructor(session: AgentSession) {
    this.session = session;
  }

  get held(): boolean {
    return this.hold !== undefined;
  }

  /** Sends nothing for a while: the agent or the store could not take it. */
  holdFor(ms: number, resume: () => void): void {
    clearTimeout(this.hold);
    this.hold = setTimeout(() => {
      this.hold = undefined;
      resume();
    }, ms);
  }

  /** Puts the task aside; all that are aside are queued again after `ms` at the latest. */
  fence(row: TaskRow, ms: number, resume: () => void): void {
    this.fenced.set(row.id, row);
    this.fenceTimer ??= setTimeout(() => {
      this.fenceTimer = undefined;
      for (const each of this.fenced.values()) this.queued.set(each.id, each);
      this.fenced.clear();
      resume();
    }, ms);
  }

  end(): void {
    clearTimeout(this.hold);
    clearTimeout(this.fenceTimer);
  }

  /** The task is final: nothing is left to do about it. */
  forget(id: string): void {
    for (const ids of [this.own, this.toCancel, this.cancelled, this.fenced]) ids.delete(id);
    this.queued.delete(id);
  }

  wantCancel(id: string): boolean {
    if (this.cancelled.has(id)) return false;
    this.toCancel.add(id);
    return true;
  }

  /** Ids whose cancel may be sent now: not those whose start is still under way, or cancel would come first. */
  takeCancels(): readonly string[] {
    const ids = [...this.toCancel].filter((id) => !this.starting.has(id));
    for (const id of ids) {
      this.toCancel.delete(id);
      this.cancelled.add(id);
    }
    return ids;
  }

  /** Oldest first, at most `limit`, without what has expired (the engine ends those). */
  takeQueued(limit: number, nowMs: number): readonly TaskRow[] {
    const rows = [...this.queued.values()];
    for (const row of rows) if (row.expiresAtMs !== 0 && row.expiresAtMs <= nowMs) this.queued.delete(row.id);
    const batch = [...this.queued.values()]
      .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
    for (const row of batch) this.queued.delete(row.id);
    return batch;
  }
}

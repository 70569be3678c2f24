// Owns the recent changes of one kind, from which all watchers of it read at their own pace.
// I1: records are in order of revision; everything after `floor` is there.
// I2: memory is bounded by the window, not by the number or slowness of the watchers.
import type { KubeObject } from '@drover/api';
import type { WatchEvent } from './resources.ts';

type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What changed; it may be read only when it is asked for. */
interface Changed {
  readonly key: string;
  readonly object: KubeObject;
}

/** One change. Events are made once and shared by all watchers, so their identity can key an encoding. */
export class ChangeRecord {
  readonly revision: number;
  readonly type: ChangeType;
  /** State before the change; undefined when it was created. */
  readonly before: KubeObject | undefined;
  readonly #of: Changed;
  /** Made when the first watcher asks: of most changes nobody does. */
  #events: Map<ChangeType, WatchEvent> | undefined;

  constructor(fields: {
    readonly revision: number;
    readonly type: ChangeType;
    readonly of: Changed;
    readonly before: KubeObject | undefined;
  }) {
    this.revision = fields.revision;
    this.type = fields.type;
    this.#of = fields.of;
    this.before = fields.before;
  }

  get key(): string {
    return this.#of.key;
  }

  get object(): KubeObject {
    return this.#of.object;
  }

  /** The change as a watcher sees it to whom it means `type`. */
  as(type: ChangeType): WatchEvent {
    const known = this.#events?.get(type);
    if (known !== undefined) return known;
    const event = Object.freeze({ type, object: type === 'DELETED' ? this.#gone() : this.object });
    this.#events ??= new Map();
    this.#events.set(type, event);
    return event;
  }

  /** What a watcher is told is gone: the last state it saw, at the revision of this change. */
  #gone(): KubeObject {
    if (this.type === 'DELETED' || this.before === undefined) return this.object;
    const metadata = Object.freeze({
      ...this.before.metadata,
      resourceVersion: String(this.revision),
    });
    return Object.freeze({ ...this.before, metadata });
  }
}

export class ChangeWindow {
  readonly #limit: number;
  #records: ChangeRecord[] = [];
  /** Absolute position of the first record. */
  #start = 0;
  #floor: number;

  constructor(floor: number, limit: number) {
    this.#floor = floor;
    this.#limit = limit;
  }

  /** Changes after this revision are here. */
  get floor(): number {
    return this.#floor;
  }

  /** Position after the newest record. */
  get end(): number {
    return this.#start + this.#records.length;
  }

  append(record: ChangeRecord): void {
    this.#records.push(record);
    // In slabs, so that trimming costs nothing per record.
    if (this.#records.length >= 2 * this.#limit) this.#drop(this.#records.length - this.#limit);
  }

  /** Forgets what is older than `revision`, except the newest `keep`. */
  trim(revision: number, keep: number): void {
    const index = this.#records.findIndex((record) => record.revision > revision);
    const old = index < 0 ? this.#records.length : index;
    this.#drop(Math.min(old, Math.max(0, this.#records.length - keep)));
  }

  #drop(count: number): void {
    const last = this.#records[count - 1];
    if (last === undefined) return;
    this.#floor = last.revision;
    this.#start += count;
    this.#records = this.#records.slice(count);
  }

  /** The record at a position: undefined at the end, 'lost' when it has been forgotten. */
  at(position: number): ChangeRecord | undefined | 'lost' {
    return position < this.#start ? 'lost' : this.#records[position - this.#start];
  }

  /** Position of the first record after `revision`, or 'lost' when some after it are forgotten. */
  positionAfter(revision: number): number | 'lost' {
    if (revision < this.#floor) return 'lost';
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#records[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#start + low;
  }

  /** State before the first change after `revision` of each key that changed since, or 'lost'. */
  undo(revision: number): ReadonlyMap<string, KubeObject | undefined> | 'lost' {
    const position = this.positionAfter(revision);
    if (position === 'lost') return 'lost';
    const before = new Map<string, KubeObject | undefined>();
    for (const record of this.#records.slice(position - this.#start)) {
      if (!before.has(record.key)) before.set(record.key, record.before);
    }
    return before;
  }
}

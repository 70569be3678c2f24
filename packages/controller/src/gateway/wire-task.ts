// Owns the form in which a task goes over the wire, and a bounded cache of what the tasks of one work share.
import { Buffer } from 'node:buffer';
import type { Task } from '@drover/api/wire';
import type { Fence, NodeGate } from '../platform/fence.ts';
import type { TaskRow, TaskSpec, TaskStore } from '../store/store.ts';

export type WireSpec = Pick<Task, 'command' | 'push' | 'pull'>;

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

const toWireSpec = (spec: TaskSpec): WireSpec => {
  switch (spec.kind) {
    case 'command': {
      const { kind: _, asker: _asker, script, input, ...rest } = spec;
      return { command: { ...rest, script: bytesOf(script), input: bytesOf(input) } };
    }
    case 'push': {
      const { kind: _, asker: _asker, ...push } = spec;
      return { push };
    }
    case 'pull': {
      const { kind: _, asker: _asker, ...pull } = spec;
      return { pull };
    }
  }
};

/** About how many bytes the task takes in a frame; never less than it really does by more than its small fields. */
const specBytes = (spec: WireSpec): number => {
  const { command, push, pull } = spec;
  if (!command) return 256 + (push?.path.length ?? 0) * 3 + (pull?.path.length ?? 0) * 3;
  const texts = [...command.argv, ...Object.entries(command.env).flat(), command.cwd, command.user];
  return (
    256 + command.script.length + command.input.length + texts.reduce((sum, t) => sum + t.length * 3 + 8, 0)
  );
};

export const toWireTask = (row: TaskRow, spec: WireSpec): Task => ({
  id: row.id,
  timeoutMs: row.timeoutMs,
  expiresAtMs: row.expiresAtMs,
  ...spec,
});

export interface CachedSpec {
  readonly spec: WireSpec;
  readonly sizeBytes: number;
  /** What the fence says of its tasks; undefined: nothing. */
  readonly gate: NodeGate | undefined;
}

/**
 * Remembers specs by work, least recently used out first, within `limitBytes`; all are forgotten when the fence changes,
 * which is rare, so that a spec need not be held once more for it.
 */
export class SpecCache {
  private readonly tasks: Pick<TaskStore, 'spec'>;
  private readonly fence: Fence<TaskSpec> | undefined;
  private revision = 0;
  private readonly limitBytes: number;
  private readonly specs = new Map<string, Promise<CachedSpec | undefined>>();
  private readonly sizes = new Map<string, number>();
  private bytes = 0;

  constructor(
    tasks: Pick<TaskStore, 'spec'>,
    fence: Fence<TaskSpec> | undefined,
    limitBytes = 32 * 1024 * 1024,
  ) {
    this.tasks = tasks;
    this.fence = fence;
    this.limitBytes = limitBytes;
  }

  /** undefined when the work has been removed. */
  get(work: string): Promise<CachedSpec | undefined> {
    this.refresh();
    const known = this.specs.get(work);
    if (known) {
      this.specs.delete(work);
      this.specs.set(work, known);
      return known;
    }
    const loading = this.load(work);
    this.specs.set(work, loading);
    return loading;
  }

  private refresh(): void {
    const revision = this.fence?.revision() ?? 0;
    if (revision === this.revision) return;
    this.revision = revision;
    this.specs.clear();
    this.sizes.clear();
    this.bytes = 0;
  }

  private async load(work: string): Promise<CachedSpec | undefined> {
    try {
      const stored = await this.tasks.spec(work);
      if (!stored) {
        this.specs.delete(work);
        return undefined;
      }
      const spec = toWireSpec(stored);
      const sizeBytes = specBytes(spec);
      this.keep(work, sizeBytes);
      return { spec, sizeBytes, gate: this.fence?.gateOf(stored) };
    } catch (error) {
      this.specs.delete(work);
      throw error;
    }
  }

  private keep(work: string, sizeBytes: number): void {
    // Forgotten while it was read: nothing is kept.
    if (!this.specs.has(work)) return;
    this.bytes += sizeBytes - (this.sizes.get(work) ?? 0);
    this.sizes.set(work, sizeBytes);
    for (const oldest of this.specs.keys()) {
      if (this.bytes <= this.limitBytes || oldest === work) return;
      this.bytes -= this.sizes.get(oldest) ?? 0;
      this.sizes.delete(oldest);
      this.specs.delete(oldest);
    }
  }
}

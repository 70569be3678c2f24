// Owns what the fence says of the tasks of one work, remembered for as long as it can be the same.
// I1: an answer is kept until the fence changes or the minute is over: windows open and close with whole minutes. The
//     gateway asks the fence again before each start, so a late answer here never starts anything.
import type { Fence, Leave, NodeGate } from '../platform/fence.ts';
import type { TaskSpec } from '../store/store.ts';

const minuteMs = 60_000;

export class WorkGate {
  readonly #fence: Fence<TaskSpec>;
  readonly #spec: TaskSpec;
  readonly #leaves = new Map<string, Leave>();
  #gate: NodeGate | undefined;
  #revision = -1;
  #minute = -1;

  constructor(fence: Fence<TaskSpec>, spec: TaskSpec) {
    this.#fence = fence;
    this.#spec = spec;
  }

  /** What it says at this time, node by node; undefined: nothing keeps any task. */
  at(nowMs: number): ((node: string) => Leave) | undefined {
    this.#refresh(nowMs);
    const gate = this.#gate;
    if (gate === undefined) return undefined;
    return (node) => {
      const known = this.#leaves.get(node);
      if (known !== undefined) return known;
      const leave = gate(node, nowMs);
      this.#leaves.set(node, leave);
      return leave;
    };
  }

  #refresh(nowMs: number): void {
    const minute = Math.floor(nowMs / minuteMs);
    const revision = this.#fence.revision();
    if (revision !== this.#revision) this.#gate = this.#fence.gateOf(this.#spec);
    if (revision !== this.#revision || minute !== this.#minute) this.#leaves.clear();
    this.#revision = revision;
    this.#minute = minute;
  }
}

// Owns the contract between whoever starts tasks (engine, gateway) and whoever says whether they may start (auth).
export type Leave =
  | { readonly kind: 'go' }
  /** Not now; ask again at that time (UTC ms), or when the fence has changed. Infinity: only then. */
  | { readonly kind: 'hold'; readonly why: string; readonly untilMs: number }
  /** Never: the task ends without having started. */
  | { readonly kind: 'refuse'; readonly why: string };

export type NodeGate = (node: string, nowMs: number) => Leave;

export interface Fence<Spec> {
  /** Another number whenever what it says may be another. */
  revision(): number;
  /** What keeps tasks from nodes; undefined: nothing does, on any node. */
  gateOf(spec: Spec): NodeGate | undefined;
  /** Told after each change of the revision. */
  onChange(listener: () => void): () => void;
}

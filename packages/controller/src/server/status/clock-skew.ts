// Owns how far the clocks of connected nodes are from ours: their heartbeats say what time it is there.
import type { Clock } from '../../platform/clock.ts';
import type { AgentStore } from '../../store/agent-store.ts';

export interface ClockSkew {
  /** Those that differ by more, the worst first. */
  beyond(leastMs: number, limit: number): readonly { readonly node: string; readonly milliseconds: number }[];
  close(): void;
}

export const watchClockSkew = (
  agents: Pick<AgentStore, 'onHeartbeat' | 'onChange'>,
  clock: Clock,
): ClockSkew => {
  const skews = new Map<string, number>();
  const stopBeats = agents.onHeartbeat((node, { timeMs }) => {
    if (timeMs !== undefined) skews.set(node, timeMs - clock.nowMs());
  });
  const stopChanges = agents.onChange((node, row) => {
    if (row?.connected !== true) skews.delete(node);
  });
  return {
    beyond: (leastMs, limit) =>
      [...skews]
        .map(([node, milliseconds]) => ({ node, milliseconds }))
        .filter(({ milliseconds }) => Math.abs(milliseconds) > leastMs)
        .sort((a, b) => Math.abs(b.milliseconds) - Math.abs(a.milliseconds))
        .slice(0, limit),
    close: () => {
      stopBeats();
      stopChanges();
    },
  };
};

// Owns the stream of writes that goes on while faults happen, and what the API has promised about it.
// I1: only what was answered with success is a promise; a request that broke may or may not have been taken.
// I2: every task of the stream appends its id to one file of its node: that file is the truth about what ran. It then
//     lingers, so that faults meet tasks at work.
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, commandRuns, configMaps } from '@drover/client';

/** The same on every node, this machine included: what ran writes a line here. */
export interface Marks {
  readonly file: string;
}

export interface Promises {
  /** Names of the CommandRuns whose creation was acknowledged. */
  readonly runs: ReadonlySet<string>;
  /** Name → value of the ConfigMaps whose newest acknowledged write set that value. */
  readonly values: ReadonlyMap<string, number>;
  /** Acknowledged writes in all. */
  readonly acknowledged: number;
  /** Writes that broke: nothing is promised about them. */
  readonly broken: number;
}

export interface StreamOptions {
  readonly client: Client;
  readonly marks: Marks;
  readonly signal: AbortSignal;
  /** From one round of writes to the next. */
  readonly pauseMs: number;
  /** Before the names of what it makes: another stream may have been there before. */
  readonly prefix?: string;
}

export interface Stream {
  /** Ends the stream; resolves to what was promised. */
  end(): Promise<Promises>;
}

const configMap = (name: string, value: number) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { value: String(value) },
});

const commandRun = (name: string, file: string) => ({
  apiVersion: 'drover.dev/v1alpha1',
  kind: 'CommandRun',
  metadata: { name },
  spec: {
    argv: ['sh', '-c', 'echo "$DROVER_TASK_ID" >> "$1"; sleep 0.2', 'sh', file],
    targets: { nodeSet: '*' },
  },
});

/** Creates a run, a ConfigMap and a new value for the ConfigMap of the round before, again and again. */
export const startStream = ({ client, marks, signal, pauseMs, prefix = '' }: StreamOptions): Stream => {
  const runs = new Set<string>();
  const values = new Map<string, number>();
  const count = { acknowledged: 0, broken: 0 };
  const ending = new AbortController();
  const attempt = async (write: Promise<unknown>, keep: () => void): Promise<void> => {
    try {
      await write;
      keep();
      count.acknowledged++;
    } catch {
      count.broken++;
    }
  };
  const round = async (n: number): Promise<void> => {
    const run = `${prefix}fault-${n}`;
    const [fresh, older] = [`${prefix}value-${n}`, `${prefix}value-${n - 1}`];
    await Promise.all([
      attempt(client.create(commandRuns, commandRun(run, marks.file), { signal }), () => runs.add(run)),
      attempt(client.create(configMaps, configMap(fresh, 0), { signal }), () => values.set(fresh, 0)),
      values.has(older)
        ? attempt(client.update(configMaps, older, configMap(older, n), { signal }), () =>
            values.set(older, n),
          )
        : undefined,
    ]);
  };
  const rounds = async (): Promise<void> => {
    for (let n = 1; !ending.signal.aborted && !signal.aborted; n++) {
      await round(n);
      await delay(pauseMs);
    }
  };
  const done = rounds();
  return {
    end: async () => {
      ending.abort();
      await done;
      return { runs, values, ...count };
    },
  };
};

// Owns the emulator: many agents in one process, on the real wire over real TLS. Nothing is executed, and the output
// says so. As a program it takes its options as one JSON line on standard input, prints one JSON line whenever the
// number of connected agents changes, and stops when standard input ends.
import { createInterface } from 'node:readline';
import { type Behaviour, defaultBehaviour, EmulatedAgent, type Identity } from './emulator/agent.ts';

export interface EmulatorOptions {
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly identities: readonly Identity[];
  readonly behaviour?: Partial<Behaviour>;
  /** Told at most ten times a second, and when all are connected. */
  readonly onCount?: (connected: number) => void;
}

export interface Emulator {
  readonly agents: readonly EmulatedAgent[];
  readonly connected: number;
  /** Resolves when that many are connected; throws after `timeoutMs`. */
  waitConnected(count: number, timeoutMs: number): Promise<void>;
  close(): void;
}

const firstConnectsPerTurn = 50;

export const startEmulator = (options: EmulatorOptions): Emulator => {
  const behaviour = { ...defaultBehaviour, ...options.behaviour };
  const { host, port, caPem, onCount } = options;
  let connected = 0;
  let told: NodeJS.Timeout | undefined;
  let waiters: { readonly count: number; readonly resolve: () => void }[] = [];
  const tell = () => {
    clearTimeout(told);
    told = undefined;
    onCount?.(connected);
  };
  const onState = (agent: EmulatedAgent) => {
    connected += agent.connected ? 1 : -1;
    for (const waiter of waiters) if (connected >= waiter.count) waiter.resolve();
    waiters = waiters.filter((waiter) => connected < waiter.count);
    if (connected === agents.length) tell();
    else told ??= setTimeout(tell, 100);
  };
  const agents = options.identities.map(
    (identity) => new EmulatedAgent({ host, port, caPem, identity, behaviour, onState }),
  );
  let next = 0;
  const connectSome = () => {
    for (const end = next + firstConnectsPerTurn; next < Math.min(end, agents.length); )
      agents[next++]?.connect();
    if (next < agents.length) pacing = setTimeout(connectSome, 5);
  };
  let pacing: NodeJS.Timeout | undefined;
  connectSome();
  return {
    agents,
    get connected() {
      return connected;
    },
    waitConnected: (count, timeoutMs) =>
      new Promise((resolve, reject) => {
        if (connected >= count) return resolve();
        const timer = setTimeout(
          () => reject(new Error(`cannot go on: ${connected} of ${count} emulated agents are connected`)),
          timeoutMs,
        );
        waiters.push({
          count,
          resolve: () => {
            clearTimeout(timer);
            resolve();
          },
        });
      }),
    close: () => {
      clearTimeout(pacing);
      clearTimeout(told);
      for (const agent of agents) agent.close();
    },
  };
};

const runProgram = (): void => {
  const print = (fields: Readonly<Record<string, unknown>>) =>
    process.stdout.write(`${JSON.stringify({ emulated: true, ...fields })}\n`);
  const lines = createInterface({ input: process.stdin });
  let emulator: Emulator | undefined;
  lines.once('line', (line) => {
    const options: EmulatorOptions = JSON.parse(line); // written by our own benchmark
    const onCount = (connected: number) => print({ connected });
    emulator = startEmulator({ ...options, onCount });
    print({ agents: emulator.agents.length, note: 'agents are emulated: no command is executed' });
  });
  lines.once('close', () => emulator?.close());
};

if (process.argv[1] === import.meta.filename) runProgram();

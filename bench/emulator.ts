// Owns the emulator: many agents in one process, on the real wire over real TLS. Nothing is executed, and the output
// says so. As a program it takes its options as one JSON line on standard input and further agents as further ones, prints one
// JSON line whenever the number of connected agents changes, answers each line with what was started, and stops when
// standard input ends.
import { createInterface } from 'node:readline';
import { type Behaviour, defaultBehaviour, EmulatedAgent, type Identity } from './emulator/agent.ts';

export interface EmulatorOptions {
  readonly host: string;
  readonly port: number;
  readonly otherPorts?: readonly number[];
  readonly caPem: string;
  readonly identities: readonly Identity[];
  readonly behaviour?: Partial<Behaviour>;
  /** Told at most ten times a second, and when all are connected. */
  readonly onCount?: (counts: Counts) => void;
}

export interface Counts {
  readonly connected: number;
  /** How long those were away that have come back since the last time, in ms. */
  readonly awayMs: readonly number[];
}

export interface Starts {
  /** Tasks that were started, and those of them that were so more than once. */
  readonly started: number;
  readonly startedAgain: number;
}

export interface Emulator {
  readonly agents: readonly EmulatedAgent[];
  readonly connected: number;
  /** Resolves when that many are connected; throws after `timeoutMs`. */
  waitConnected(count: number, timeoutMs: number): Promise<void>;
  add(identities: readonly Identity[]): void;
  close(): void;
}

const countStarts = (agents: readonly EmulatedAgent[]): Starts => {
  const starts = agents.flatMap((agent) => [...agent.starts.values()]);
  return { started: starts.length, startedAgain: starts.filter((times) => times > 1).length };
};

const firstConnectsPerTurn = 50;

export const startEmulator = (options: EmulatorOptions): Emulator => {
  const behaviour = { ...defaultBehaviour, ...options.behaviour };
  const { host, port, otherPorts, caPem, onCount } = options;
  const agents: EmulatedAgent[] = [];
  let connected = 0;
  let awayMs: number[] = [];
  let told: NodeJS.Timeout | undefined;
  let waiters: { readonly count: number; readonly resolve: () => void }[] = [];
  const tell = () => {
    clearTimeout(told);
    told = undefined;
    onCount?.({ connected, awayMs });
    awayMs = [];
  };
  const onState = (agent: EmulatedAgent) => {
    connected += agent.connected ? 1 : -1;
    if (agent.connected && agent.awayMs !== undefined) awayMs.push(agent.awayMs);
    for (const waiter of waiters) if (connected >= waiter.count) waiter.resolve();
    waiters = waiters.filter((waiter) => connected < waiter.count);
    if (connected === agents.length) tell();
    else told ??= setTimeout(tell, 100);
  };
  let next = 0;
  const connectSome = () => {
    for (const end = next + firstConnectsPerTurn; next < Math.min(end, agents.length); )
      agents[next++]?.connect();
    pacing = next < agents.length ? setTimeout(connectSome, 5) : undefined;
  };
  let pacing: NodeJS.Timeout | undefined;
  const add = (identities: readonly Identity[]): void => {
    const place = { host, port, otherPorts, caPem };
    for (const identity of identities)
      agents.push(new EmulatedAgent({ ...place, identity, behaviour, onState }));
    if (pacing === undefined) connectSome();
  };
  add(options.identities);
  return {
    agents,
    add,
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
  const print = (fields: object) =>
    process.stdout.write(`${JSON.stringify({ emulated: true, ...fields })}\n`);
  const lines = createInterface({ input: process.stdin });
  let emulator: Emulator | undefined;
  // Both are written by our own benchmark.
  const begin = (options: EmulatorOptions): Emulator => startEmulator({ ...options, onCount: print });
  const more = ({ identities }: Pick<EmulatorOptions, 'identities'>) => emulator?.add(identities);
  lines.on('line', (line) => {
    if (emulator === undefined) emulator = begin(JSON.parse(line));
    else more(JSON.parse(line));
    const { agents } = emulator;
    const note = 'agents are emulated: no command is executed';
    print({ agents: agents.length, ...countStarts(agents), note });
  });
  lines.once('close', () => emulator?.close());
};

if (process.argv[1] === import.meta.filename) runProgram();

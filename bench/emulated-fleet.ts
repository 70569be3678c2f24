// Owns the emulator as a process of its own, so that its work is not counted as the controller's or the bench's.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeBinary } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import type { Identity } from './emulator/agent.ts';
import type { Counts, EmulatorOptions, Starts } from './emulator.ts';

export interface EmulatedFleet {
  /** Agents connected, as the emulator sees it. */
  connected(): number;
  readonly pid: number;
  /** More agents, which connect by and by. */
  add(identities: readonly Identity[]): void;
  /** How long each that has come back was away, in ms, since the start or the last time that it was asked. */
  takeAwayMs(): readonly number[];
  /** What the agents have started so far. */
  starts(): Promise<Starts>;
  waitConnected(count: number, timeoutMs: number): Promise<void>;
  /** Until the emulator has noticed that the controller is gone. */
  waitGone(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

interface Followed {
  readonly onCount: (counts: Counts) => void;
  readonly onStarts: (starts: Starts) => void;
}

const follow = (child: ChildProcessWithoutNullStreams, { onCount, onStarts }: Followed): void => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told: Counts | Starts = JSON.parse(line); // printed by our own emulator
    if ('connected' in told) onCount(told);
    else onStarts(told);
  });
};

/** Starts the emulator; the agents connect by and by. */
export const startEmulatedFleet = (options: Omit<EmulatorOptions, 'onCount'>): EmulatedFleet => {
  const child = spawn(nodeBinary, [join(import.meta.dirname, 'emulator.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let connected = 0;
  let awayMs: number[] = [];
  let onStarts = (_: Starts): void => undefined;
  let errors = '';
  follow(child, {
    onCount: (counts) => {
      connected = counts.connected;
      awayMs.push(...counts.awayMs);
    },
    onStarts: (starts) => onStarts(starts),
  });
  child.stderr.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined); // said by its exit code
  const write = (line: Partial<EmulatorOptions>): void => void child.stdin.write(`${JSON.stringify(line)}\n`);
  write(options);
  return {
    connected: () => connected,
    pid: child.pid ?? 0,
    add: (identities) => write({ identities }),
    takeAwayMs: () => {
      const taken = awayMs;
      awayMs = [];
      return taken;
    },
    starts: () =>
      new Promise((resolve) => {
        onStarts = resolve;
        write({ identities: [] });
      }),
    waitConnected: async (count, timeoutMs) => {
      await waitFor(
        `${count} emulated agents to connect`,
        () => {
          if (child.exitCode !== null) throw new Error(`the emulator ended: ${errors}`);
          return connected >= count;
        },
        timeoutMs,
      );
    },
    waitGone: async (timeoutMs) => {
      await waitFor('the emulated agents to be cut off', () => connected === 0, timeoutMs);
    },
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
};

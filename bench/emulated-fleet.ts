// Owns the emulator as a process of its own, so that its work is not counted as the controller's or the bench's.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeBinary } from '../test/harness/controller.ts';
import { waitFor } from '../test/harness/wait.ts';
import type { EmulatorOptions } from './emulator.ts';

export interface EmulatedFleet {
  /** Agents connected, as the emulator sees it. */
  connected(): number;
  waitConnected(count: number, timeoutMs: number): Promise<void>;
  /** Until the emulator has noticed that the controller is gone. */
  waitGone(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const follow = (child: ChildProcessWithoutNullStreams, onCount: (connected: number) => void): void => {
  createInterface({ input: child.stdout }).on('line', (line) => {
    const told: { readonly connected?: number } = JSON.parse(line); // printed by our own emulator
    if (told.connected !== undefined) onCount(told.connected);
  });
};

/** Starts the emulator; the agents connect by and by. */
export const startEmulatedFleet = (options: Omit<EmulatorOptions, 'onCount'>): EmulatedFleet => {
  const child = spawn(nodeBinary, [join(import.meta.dirname, 'emulator.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let connected = 0;
  let errors = '';
  follow(child, (count) => {
    connected = count;
  });
  child.stderr.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined); // said by its exit code
  child.stdin.write(`${JSON.stringify(options)}\n`);
  return {
    connected: () => connected,
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

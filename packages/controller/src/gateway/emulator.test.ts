import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeIdentities } from '../../../../bench/emulator/identities.ts';
import { startEmulator } from '../../../../bench/emulator.ts';
import { type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 15_000, interval: 10 };
const count = 40;
let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const fleet = async () => {
  const names = Array.from({ length: count }, () => ground.newNode());
  const identities = await makeIdentities(ground.authority, names);
  return {
    names,
    options: { host: '127.0.0.1', port: ground.gateway.port, caPem: ground.authority.caPem, identities },
  };
};

describe('many agents', () => {
  it('each of many nodes does its task once, and all come back after a restart', async () => {
    const { names, options } = await fleet();
    const emulator = startEmulator({ ...options, behaviour: { reconnectMs: 50 } });
    await emulator.waitConnected(count, 15_000);
    const ids = await ground.queue(names);
    const ended = async () =>
      (await Promise.all(ids.map(ground.task))).filter((row) => row.state === 'exited').length;
    await expect.poll(ended, deadline).toBe(count);
    await ground.start();
    await expect.poll(() => emulator.connected, deadline).toBe(count);
    const starts = emulator.agents.flatMap((agent) => [...agent.starts.values()]);
    expect(starts).toEqual(Array.from({ length: count }, () => 1));
    emulator.close();
  });

  it('as a program it says that its agents are emulated, and ends with its input', async () => {
    const { options } = await fleet();
    const program = join(import.meta.dirname, '../../../../bench/emulator.ts');
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    child.stdin.write(`${JSON.stringify(options)}\n`);
    await expect
      .poll(() => lines.at(-1), deadline)
      .toBe(`{"emulated":true,"connected":${count},"awayMs":[]}`);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    expect(await ended).toBe(0);
  });
});

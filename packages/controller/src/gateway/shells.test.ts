import { ProblemError } from '@drover/api/wire';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { agentFile, type Ground, openGround } from './test-ground.ts';

const deadline = { timeout: 10_000, interval: 5 };
let ground: Ground;
let n1 = '';
beforeAll(async () => {
  ground = await openGround();
});
beforeEach(() => {
  n1 = ground.newNode();
});
afterEach(() => ground.rest());
afterAll(() => ground.close());

const request = () => ({ node: n1, user: '', columns: 80, rows: 24, argv: [] });

/** An agent whose shells echo what is typed. */
const connectEcho = async () => {
  let closed = 0;
  const agent = ground.agent(await ground.identity(n1), {
    handlers: {
      shellInput: async ({ streamId, data }) => {
        agent.mux?.call('shellOutput', { streamId, data }).catch(() => undefined);
      },
      closeShell: async ({ streamId }) => {
        closed += 1;
        agent.mux?.call('shellClosed', { streamId, exitCode: 7, reason: '' }).catch(() => undefined);
      },
    },
  });
  agent.connect();
  await expect.poll(() => agent.connected, deadline).toBe(true);
  return { agent, closed: () => closed };
};

describe('shells', () => {
  it('bytes keep their order both ways and the exit code comes through', async () => {
    await connectEcho();
    const got: Uint8Array[] = [];
    let exit: unknown;
    const shell = await ground.gateway.openShell(request(), {
      onOutput: async (data) => void got.push(data),
      onClose: (exitCode, reason) => {
        exit = { exitCode, reason };
      },
    });
    const typed = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
    await Promise.all([shell.write(typed), shell.write(Buffer.from('end'))]);
    await shell.resize(100, 30);
    await expect.poll(() => Buffer.concat(got).length, deadline).toBe(200_003);
    expect(Buffer.concat(got).equals(Buffer.concat([typed, Buffer.from('end')]))).toBe(true);
    await shell.close();
    await expect.poll(() => exit, deadline).toEqual({ exitCode: 7, reason: '' });
    await shell.close();
  });

  it('the node waits for a viewer that does not read', async () => {
    const { agent } = await connectEcho();
    let release = () => {};
    const shell = await ground.gateway.openShell(request(), {
      onOutput: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
      onClose: () => undefined,
    });
    await shell.write(Buffer.from('x'));
    await expect.poll(() => agent.mux?.pending, deadline).toBe(1);
    release();
    await expect.poll(() => agent.mux?.pending, deadline).toBe(0);
  });

  it('a shell ends with its connection, once', async () => {
    const { agent } = await connectEcho();
    const ends: string[] = [];
    const shell = await ground.gateway.openShell(request(), {
      onOutput: async () => undefined,
      onClose: (_, reason) => ends.push(reason),
    });
    agent.close();
    await expect.poll(() => ends.length, deadline).toBe(1);
    expect(ends[0]).toContain('the connection to the node ended');
    await expect(shell.write(Buffer.from('x'))).rejects.toThrow();
  });

  it('typing into a terminal that has just ended is no failure: its end tells', async () => {
    const agent = ground.agent(await ground.identity(n1), {
      handlers: {
        shellInput: async () => {
          throw new ProblemError('unknown', 'this terminal is closed');
        },
        resizeShell: async () => {
          throw new ProblemError('unknown', 'this terminal is closed');
        },
      },
    });
    agent.connect();
    await expect.poll(() => agent.connected, deadline).toBe(true);
    const events = { onOutput: async () => undefined, onClose: () => undefined };
    const shell = await ground.gateway.openShell(request(), events);
    await shell.write(Buffer.from('x'));
    await shell.resize(100, 30);
  });

  it('a node that is not connected is named as the reason', async () => {
    const events = { onOutput: async () => undefined, onClose: () => undefined };
    const want = { reason: 'ServiceUnavailable', message: expect.stringContaining(`node ${n1}`) };
    await expect(ground.gateway.openShell(request(), events)).rejects.toMatchObject(want);
    await expect(ground.gateway.updateAgent(n1)).rejects.toMatchObject(want);
    await expect(ground.gateway.uninstallAgent(n1)).rejects.toMatchObject(want);
  });

  it('an update offers the agent file in force', async () => {
    const offers: unknown[] = [];
    const agent = ground.agent(await ground.identity(n1), {
      handlers: { update: async (args) => void offers.push(args) },
    });
    agent.connect();
    await expect.poll(() => agent.connected, deadline).toBe(true);
    await ground.gateway.updateAgent(n1);
    const { bytes, ...release } = agentFile;
    expect(offers).toEqual([{ release: { ...release, sizeBytes: bytes.length } }]);
    await ground.gateway.updateAgent(n1, { payload: 'what', signatures: [] });
    const signed = { payload: new TextEncoder().encode('what'), signatures: [] };
    expect(offers[1]).toMatchObject({ release: { signed } });
  });
});

import { ProblemError } from '@drover/api/wire';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../platform/clock.ts';
import { commandSpec, type Ground, openGround } from './test-ground.ts';

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

const stateOf = (id: string) => async () => (await ground.task(id)).state;

describe('dispatch', () => {
  it('a queued task of a connected node is sent, journalled and its result stored', async () => {
    const agent = ground.agent(await ground.identity(n1), { behaviour: { outputBytes: 100_000 } as never });
    agent.connect();
    await expect.poll(() => agent.connected, deadline).toBe(true);
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(stateOf(id), deadline).toBe('exited');
    const row = await ground.task(id);
    expect(row).toMatchObject({
      journalId: expect.stringMatching(/./),
      result: { exitCode: 0, stdoutBytes: 100_000 },
    });
    const output = await ground.store.tasks.output({ taskId: id, stream: 1, fromOffset: 0, limitBytes: 1e6 });
    expect(output.reduce((sum, chunk) => sum + chunk.data.length, 0)).toBe(100_000);
    expect(agent.starts.get(id)).toBe(1);
    await expect.poll(() => agent.tasks.size, deadline).toBe(0);
  });

  it('what operators signed reaches the agent byte for byte', async () => {
    const starts: unknown[] = [];
    const agent = ground.agent(await ground.identity(n1), {
      handlers: { start: async (args) => void starts.push(args) },
    });
    agent.connect();
    const payload = '{"version":1,"word":"grüße 世界"}';
    const signature = Buffer.alloc(64, 7);
    const keyId = `SHA256:${'A'.repeat(43)}`;
    const signed = { payload, signatures: [{ keyId, signature: signature.toString('base64') }] };
    const [id] = await ground.queue([n1], {}, { ...commandSpec, signed });
    await expect.poll(() => starts.length, deadline).toBe(1);
    const bytes = {
      payload: new TextEncoder().encode(payload),
      signatures: [{ keyId, signature: new Uint8Array(signature) }],
    };
    expect(starts).toEqual([{ tasks: [expect.objectContaining({ id, signed: bytes })] }]);
  });

  it('tasks wait for a node that is not connected and go out when it connects', async () => {
    const [id = ''] = await ground.queue([n1]);
    ground.agent(await ground.identity(n1)).connect();
    await expect.poll(stateOf(id), deadline).toBe('exited');
  });

  it('more tasks than one page or one call holds all arrive, each once', async () => {
    const ids = await ground.queue(Array.from({ length: 2300 }, () => n1));
    const agent = ground.agent(await ground.identity(n1));
    agent.connect();
    await expect
      .poll(async () => (await ground.store.tasks.list({ node: n1, states: ['exited'] })).length, deadline)
      .toBe(2300);
    expect(ids.every((id) => agent.starts.get(id) === 1)).toBe(true);
  });

  it('an expired task is never sent', async () => {
    const [expired = ''] = await ground.queue([n1], { expiresAtMs: systemClock.nowMs() - 1 });
    const [fresh = ''] = await ground.queue([n1]);
    const agent = ground.agent(await ground.identity(n1));
    agent.connect();
    await expect.poll(stateOf(fresh), deadline).toBe('exited');
    expect(await stateOf(expired)()).toBe('queued');
    expect(agent.starts.has(expired)).toBe(false);
  });

  it('a cancel reaches the agent after the start, also when the start was slow', async () => {
    const calls: string[] = [];
    let startDone = () => {};
    const agent = ground.agent(await ground.identity(n1), {
      handlers: {
        start: () => {
          calls.push('start');
          return new Promise((resolve) => {
            startDone = resolve;
          });
        },
        cancel: async ({ taskIds }) => void calls.push(`cancel ${taskIds.length}`),
      },
    });
    agent.connect();
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(() => calls, deadline).toEqual(['start']);
    await ground.store.tasks.requestCancel((await ground.task(id)).work, systemClock.nowMs());
    expect(calls).toEqual(['start']);
    startDone();
    await expect.poll(() => calls, deadline).toEqual(['start', 'cancel 1']);
  });

  it('a running task that is cancelled ends with what the agent says', async () => {
    const agent = ground.agent(await ground.identity(n1), { behaviour: { delayMs: 60_000 } as never });
    agent.connect();
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(stateOf(id), deadline).toBe('running');
    await ground.store.tasks.requestCancel((await ground.task(id)).work, systemClock.nowMs());
    await expect.poll(stateOf(id), deadline).toBe('cancelled');
  });

  it('one task that the agent refuses does not take the others of its call with it', async () => {
    const bad = new Set<string>();
    const started: string[] = [];
    const agent = ground.agent(await ground.identity(n1), {
      handlers: {
        start: async ({ tasks }) => {
          if (tasks.some((task) => bad.has(task.id)))
            throw new ProblemError('bad-request', 'no such user: ghost');
          started.push(...tasks.map((task) => task.id));
        },
      },
    });
    const ids = await ground.queue([n1, n1, n1]);
    bad.add(ids[1] ?? '');
    agent.connect();
    await expect.poll(stateOf(ids[1] ?? ''), deadline).toBe('never-started');
    await expect.poll(() => started, deadline).toEqual([ids[0], ids[2]]);
    expect((await ground.task(ids[1] ?? '')).result?.reason).toContain('no such user: ghost');
  });

  it('an agent that is busy gets its tasks again later', async () => {
    let refusals = 1;
    const agent = ground.agent(await ground.identity(n1), {
      handlers: {
        start: async ({ tasks }) => {
          if (refusals-- > 0) throw new ProblemError('busy', 'journal is full');
          const taskIds = tasks.map((task) => task.id);
          await agent.mux?.call('report', {
            output: [],
            started: taskIds.map((taskId) => ({ taskId, timeMs: 1 })),
            progress: [],
            results: [],
          });
        },
      },
    });
    agent.connect();
    const [id = ''] = await ground.queue([n1]);
    await expect.poll(stateOf(id), deadline).toBe('running');
  });

  it('a script and an environment come through as they were', async () => {
    const script = Buffer.from([0, 255, 10, 35]);
    const seen: unknown[] = [];
    const agent = ground.agent(await ground.identity(n1), {
      handlers: { start: async ({ tasks }) => void seen.push(tasks[0]) },
    });
    agent.connect();
    const spec = {
      ...commandSpec,
      script: script.toString('base64'),
      env: { A: 'ä b' },
      argv: ['sh'],
    } as const;
    const [id = ''] = await ground.queue([n1], { expiresAtMs: 0 }, spec);
    await expect.poll(() => seen.length, deadline).toBe(1);
    const command = { ...spec, kind: undefined, script: new Uint8Array(script), input: new Uint8Array() };
    delete (command as Partial<typeof command>).kind;
    expect(seen[0]).toEqual({ id, timeoutMs: 60_000, expiresAtMs: 0, command });
  });
});

import { ApiError } from '@drover/api';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskStore } from '../store/store.ts';
import { type Ground, openGround } from './test-ground.ts';

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

/** An agent that has been sent one task and does nothing by itself. */
const begin = async () => {
  const agent = ground.agent(await ground.identity(n1), { handlers: { start: async () => undefined } });
  agent.connect();
  await expect.poll(() => agent.connected, deadline).toBe(true);
  const [id = ''] = await ground.queue([n1]);
  await expect.poll(async () => (await ground.task(id)).state, deadline).toBe('sent');
  const chunk = (taskId: string, offset: number, text: string) => ({
    taskId,
    stream: 1,
    offset,
    timeMs: 1,
    data: new Uint8Array(Buffer.from(text)),
  });
  const report = (...output: readonly ReturnType<typeof chunk>[]) =>
    agent.mux?.call('report', { output: [...output], started: [], progress: [], results: [] });
  const stored = async () => {
    const rows = await ground.store.tasks.output({ taskId: id, stream: 1, fromOffset: 0, limitBytes: 1000 });
    return rows.map((row) => Buffer.from(row.data).toString()).join('');
  };
  return { agent, id, chunk, report, stored };
};

/** The store on a full disk, for one report. */
const failOnce = (tasks: { report: TaskStore['report'] }): void => {
  const report = tasks.report;
  tasks.report = async () => {
    tasks.report = report;
    throw new ApiError('InsufficientStorage', 'cannot store: the disk of the data directory is full');
  };
};

describe('reports of one session', () => {
  it('are stored in the order in which they came, also when one has to be looked up', async () => {
    const { id, chunk, report, stored } = await begin();
    await Promise.all([
      report(chunk('of-a-removed-run', 0, 'x'), chunk(id, 0, 'first ')),
      report(chunk(id, 6, 'second')),
    ]);
    expect(await stored()).toBe('first second');
  });

  it('after one that could not be stored none is taken: what it held would be lost', async () => {
    const { id, chunk, report, stored } = await begin();
    failOnce(ground.store.tasks as { report: TaskStore['report'] });
    const ends = await Promise.allSettled([report(chunk(id, 0, 'first ')), report(chunk(id, 6, 'second'))]);
    expect(ends.map((end) => end.status)).toEqual(['rejected', 'rejected']);
    await expect(report(chunk(id, 12, 'third'))).rejects.toThrow();
    expect(await stored()).toBe('');
  });

  it('a session whose report could not be stored is ended, so that the agent tells it again', async () => {
    await ground.start({ heartbeatSeconds: 0.1 });
    const { agent, id, chunk, report } = await begin();
    failOnce(ground.store.tasks as { report: TaskStore['report'] });
    await expect(report(chunk(id, 0, 'first '))).rejects.toThrow();
    await expect.poll(() => agent.connected, deadline).toBe(false);
    expect(ground.told(n1).at(-1)).toMatchObject({ reason: 'a report could not be stored' });
  });
});

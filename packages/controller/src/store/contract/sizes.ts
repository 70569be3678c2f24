import { expect, test } from 'vitest';
import type { Opener } from './harness.ts';

export const sizeContract = (stores: Opener): void => {
  test('sizes tell how many rows there are of what grows, and about how large they are', async () => {
    const { objects, sizes } = await stores.fresh();
    const value = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, text: 'x'.repeat(1_000) };
    const key = { resource: 'xs', namespace: '', name: 'a', value };
    await objects.write([{ ...key, type: 'created' }]);
    await objects.write([{ ...key, type: 'updated' }]);

    const { databaseBytes, kept } = await sizes();

    const revisions = kept.find(({ name }) => name === 'revisions');
    expect(revisions?.count).toBe(2);
    expect(revisions?.bytes).toBeGreaterThan(2_000);
    expect(revisions?.bytes).toBeLessThan(4_000);
    expect(kept.find(({ name }) => name === 'content')).toEqual({ name: 'content', count: 0, bytes: 0 });
    expect(databaseBytes).toBeGreaterThan(4_096);
  });

  test('room that nothing is in any more is given back to the disk, and what is there stays', async () => {
    const { tasks, sizes, giveBack } = await stores.fresh();
    const deed = { kind: 'command', argv: ['x'], script: '', user: '', cwd: '', env: {}, input: '' } as const;
    const task = {
      node: 'n',
      index: 0,
      state: 'queued',
      timeoutMs: 1,
      createdAtMs: 1,
      expiresAtMs: 2,
    } as const;
    const data = new Uint8Array(1024 * 1024).fill(7);
    for (const work of ['w1', 'w2']) {
      await tasks.insert(work, { ...deed, maxOutputBytes: 1e9 }, [{ ...task, id: work }]);
      const chunk = { taskId: work, stream: 1, timeMs: 1 } as const;
      const many = work === 'w1' ? 80 : 1;
      for (let i = 0; i < many; i++) {
        const output = [{ ...chunk, offset: i * data.length, data }];
        await tasks.report({ output, started: [], progress: [], results: [] });
      }
    }
    await tasks.remove('w1');
    const before = (await sizes()).databaseBytes;

    const bytes = await giveBack(new AbortController().signal);

    expect(bytes).toBeGreaterThan(30 * 1024 * 1024);
    expect((await sizes()).databaseBytes).toBe(before - bytes);
    expect(await giveBack(new AbortController().signal)).toBe(0);
    const read = await tasks.output({ taskId: 'w2', stream: 1, fromOffset: 0, limitBytes: 1e9 });
    expect(Buffer.concat(read.map((chunk) => chunk.data)).equals(data)).toBe(true);
  });
};

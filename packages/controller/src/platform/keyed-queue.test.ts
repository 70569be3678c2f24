import { expect, test, vi } from 'vitest';
import { createKeyedQueue } from './keyed-queue.ts';
import { silentLog } from './log.ts';

const base = { width: 4, log: silentLog, onError: 'x' };

test('a key that is added while its step runs is worked on once more, never twice at a time', async () => {
  let running = 0;
  let steps = 0;
  const queue = createKeyedQueue({
    ...base,
    step: async () => {
      expect(++running).toBe(1);
      if (++steps === 1) for (let i = 0; i < 100; i++) queue.add('a');
      await new Promise(setImmediate);
      running--;
    },
  });
  for (let i = 0; i < 100; i++) queue.add('a');
  await vi.waitFor(() => expect(steps).toBe(2));
  await queue.close();
  expect(steps).toBe(2);
});

test('no more steps run at once than the width, and every key has its turn', async () => {
  let running = 0;
  let most = 0;
  const done = new Set<string>();
  const queue = createKeyedQueue({
    ...base,
    step: async (key) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      done.add(key);
    },
  });
  for (let i = 0; i < 1000; i++) queue.add(`k${i}`);
  await vi.waitFor(() => expect(done.size).toBe(1000));
  expect(most).toBe(4);
  await queue.close();
});

test('a step that fails is tried again, and others do not wait for it', async () => {
  let tries = 0;
  let other = 0;
  const queue = createKeyedQueue({
    ...base,
    width: 1,
    step: async (key) => {
      if (key === 'other') other++;
      else if (++tries < 3) throw new Error('not yet');
    },
  });
  queue.add('a');
  queue.add('other');
  await vi.waitFor(() => expect(tries).toBe(3), { timeout: 5000 });
  expect(other).toBe(1);
  await queue.close();
});

test('closing waits for the step under way and starts nothing more', async () => {
  const started: string[] = [];
  let finish = (): void => undefined;
  const queue = createKeyedQueue({
    ...base,
    width: 1,
    step: async (key) => {
      started.push(key);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    },
  });
  queue.add('a');
  queue.add('b');
  queue.add('later', 1);
  expect(started).toEqual([]); // I2
  await vi.waitFor(() => expect(started).toEqual(['a']));
  const closed = queue.close();
  finish();
  await closed;
  queue.add('c');
  expect(started).toEqual(['a']);
});

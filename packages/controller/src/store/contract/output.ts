import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputRow, TaskSpec, TaskStore } from '../store.ts';
import { type Opener, record } from './harness.ts';
import { commandSpec, ended, newTask, result } from './tasks.ts';

const chunk = (taskId: string, stream: 1 | 2, offset: number, text: string): OutputRow => ({
  taskId,
  stream,
  offset,
  timeMs: 1,
  data: Buffer.from(text),
});

const report = (tasks: TaskStore, output: readonly OutputRow[], done: readonly string[] = []) =>
  tasks.report({ output, started: [], progress: [], results: done.map((id) => ended(id)) });

const read = async (tasks: TaskStore, taskId: string, stream: 1 | 2, fromOffset: number): Promise<string> => {
  const chunks = await tasks.output({ taskId, stream, fromOffset, limitBytes: 1e6 });
  return chunks.map((one) => Buffer.from(one.data).toString()).join('');
};

export const outputContract = (stores: Opener): void => {
  describe('output', () => {
    test('a stream is read from any byte, stdout and stderr apart or in order of arrival', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await report(tasks, [chunk('a', 1, 0, 'one '), chunk('a', 2, 0, 'oops'), chunk('b', 1, 0, 'other')]);
      await report(tasks, [chunk('a', 1, 4, 'two')]);

      expect(await read(tasks, 'a', 1, 0)).toBe('one two');
      expect(await read(tasks, 'a', 1, 2)).toBe('e two');
      expect(await read(tasks, 'a', 1, 4)).toBe('two');
      expect(await read(tasks, 'a', 1, 7)).toBe('');
      expect(await read(tasks, 'a', 2, 1)).toBe('ops');
      const all = await tasks.output({ taskId: 'a', fromOffset: 0, limitBytes: 1e6 });
      expect(all.map((one) => [one.stream, one.offset])).toEqual([
        [1, 0],
        [2, 0],
        [1, 4],
      ]);
      const rest = await tasks.output({ taskId: 'a', fromOffset: all[0]?.cursor ?? 0, limitBytes: 1 });
      expect(rest.map((one) => Buffer.from(one.data).toString())).toEqual(['oops']);
      const least = await tasks.output({ taskId: 'a', fromOffset: 0, limitBytes: 0 });
      expect(least.map(({ offset }) => offset)).toEqual([0]);
      const live = await tasks.outputOfWork({ work: 'w', afterCursor: all[0]?.cursor ?? 0, limitBytes: 1e6 });
      expect(live.map((one) => `${one.node} ${one.stream}`)).toEqual(['n0 2', 'n1 1', 'n0 1']);
    });

    test('chunks sent again, in any cuts and across restarts, are stored once', async () => {
      const before = await stores.fresh();
      await before.tasks.insert('w', commandSpec, [newTask('a', 0)]);
      const text = Array.from({ length: 60 }, (_, i) => String.fromCharCode(48 + i)).join('');
      const cuts = fc.sample(fc.tuple(fc.nat(59), fc.nat(20)), 40);
      let store = before;
      let end = 0;

      for (const [i, [from, length]] of cuts.entries()) {
        const start = Math.min(from, end);
        const part = text.slice(start, start + length);
        await report(store.tasks, [chunk('a', 1, start, part)]);
        end = Math.max(end, start + part.length);
        if (i % 10 === 9) store = await stores.again();
      }

      expect(await read(store.tasks, 'a', 1, 0)).toBe(text.slice(0, end));
    });

    test('no more than the cap is kept, whatever the agent sends', async () => {
      const { tasks } = await stores.fresh();
      const capped = { ...commandSpec, maxOutputBytes: 5 } as TaskSpec;
      await tasks.insert('w', capped, [newTask('a', 0)]);

      await report(tasks, [chunk('a', 1, 0, 'abc'), chunk('a', 1, 3, 'defg'), chunk('a', 1, 7, 'h')]);

      expect(await read(tasks, 'a', 1, 0)).toBe('abcde');
    });

    test('endings that are the same are folded, also when the controller restarted in between', async () => {
      const before = await stores.fresh();
      const all = ['a', 'b', 'c', 'd', 'e'].map((id, index) => newTask(id, index));
      await before.tasks.insert('w', commandSpec, all);
      await report(before.tasks, [chunk('a', 1, 0, 'sa'), chunk('c', 1, 0, 'other')]);
      const { tasks } = await stores.again();
      await report(tasks, [chunk('a', 1, 2, 'me'), chunk('b', 1, 0, 'same')], ['a', 'b', 'c']);
      await tasks.finish([ended('d', { result: { ...result, exitCode: 1 } })]);

      const groups = await tasks.fold('w');

      expect(groups.map(({ state, exitCode, nodes, sample }) => [state, exitCode, sample, nodes])).toEqual([
        ['exited', 0, 'a', ['n0', 'n1']],
        ['exited', 0, 'c', ['n2']],
        ['exited', 1, 'd', ['n3']],
        ['queued', 0, 'e', ['n4']],
      ]);
    });

    test('tasks that end together after a restart, each with much output, are all hashed', async () => {
      const before = await stores.fresh();
      const ids = ['a', 'b', 'c'];
      await before.tasks.insert(
        'w',
        commandSpec,
        ids.map((id, index) => newTask(id, index)),
      );
      for (let i = 0; i < 5; i += 1)
        await report(
          before.tasks,
          ids.flatMap((id) => [chunk(id, 1, 2 * i, 'xy'), chunk(id, 2, 2 * i, 'ab')]),
        );
      const { tasks } = await stores.again();

      await report(tasks, [], ids);

      expect((await tasks.fold('w')).map(({ nodes }) => nodes)).toEqual([['n0', 'n1', 'n2']]);
    });

    test('output after the end is kept and counts for folding; that of unknown tasks is passed over', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await report(tasks, [chunk('b', 1, 0, 'late')], ['a', 'b']);

      await report(tasks, [chunk('a', 1, 0, 'late'), chunk('nobody', 1, 0, 'x')]);

      expect(await tasks.fold('w')).toHaveLength(1);
    });

    test('listeners are told which tasks got output, and the sender may reuse its buffer', async () => {
      const { tasks } = await stores.fresh();
      const told = record<readonly { work: string; taskId: string }[]>(tasks.onOutput);
      await tasks.insert('w', commandSpec, [newTask('a', 0)]);
      const buffer = Buffer.from('xxhelloxx');
      const sent = report(tasks, [{ ...chunk('a', 1, 0, ''), data: buffer.subarray(2, 7) }]);
      buffer.fill(0);
      await sent;

      expect(told).toEqual([[{ work: 'w', taskId: 'a' }]]);
      expect(await read(tasks, 'a', 1, 0)).toBe('hello');
    });

    test('the output of a removed work goes too', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0)]);
      const many = Array.from({ length: 600 }, (_, i) => chunk('a', 1, i, 'x'));
      await report(tasks, many);

      await tasks.remove('w');
      await tasks.insert('w', commandSpec, [newTask('a', 0)]);

      expect(await tasks.outputOfWork({ work: 'w', afterCursor: 0, limitBytes: 1e6 })).toEqual([]);
      await report(tasks, [chunk('a', 1, 0, 'new')]);
      expect(await read(tasks, 'a', 1, 0)).toBe('new');
    });
  });
};

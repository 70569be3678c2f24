import { describe, expect, test } from 'vitest';
import type { FinishedTask, NewTask, TaskResult, TaskRow, TaskSpec, TaskStore } from '../store.ts';
import { type Opener, record } from './harness.ts';

export const commandSpec: TaskSpec = {
  kind: 'command',
  argv: ['true'],
  script: '',
  user: '',
  cwd: '',
  env: {},
  input: '',
  maxOutputBytes: 1000,
};

export const result: TaskResult = {
  exitCode: 0,
  signal: 0,
  reason: '',
  userMs: 1,
  systemMs: 2,
  maxRssKib: 3,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutDropped: 0,
  stderrDropped: 0,
  survivors: 0,
  detail: { changed: true },
};

export const newTask = (id: string, index: number, state: NewTask['state'] = 'queued'): NewTask => ({
  id,
  node: `n${index}`,
  index,
  state,
  timeoutMs: 1000,
  createdAtMs: 10,
  expiresAtMs: 20,
});

export const ended = (id: string, extra: Partial<FinishedTask> = {}): FinishedTask => ({
  id,
  state: 'exited',
  startedAtMs: 11,
  finishedAtMs: 12,
  result,
  ...extra,
});

const states = async (tasks: TaskStore, work: string): Promise<readonly string[]> =>
  (await tasks.list({ work })).map((task) => task.state);

export const taskContract = (stores: Opener): void => {
  describe('tasks', () => {
    test('inserting a work twice adds only what is missing', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await tasks.markSent(['a'], 'j', 5);

      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1), newTask('c', 2)]);

      expect(await states(tasks, 'w')).toEqual(['sent', 'queued', 'queued']);
      expect(await tasks.spec('w')).toEqual(commandSpec);
      expect(await tasks.spec('x')).toBeUndefined();
    });

    test('what was cancelled while it was sent ends as cancelled when it is requeued', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await tasks.markSent(['a', 'b'], 'j', 5);
      await tasks.markStarted([{ id: 'b', timeMs: 6 }]);
      await tasks.requestCancel('w', 7);
      const told = record<readonly TaskRow[]>((listener) => tasks.onChange(listener));

      await tasks.requeue(['a', 'b'], 8);

      expect(await states(tasks, 'w')).toEqual(['cancelled', 'running']);
      expect(await tasks.get('a')).toMatchObject({ finishedAtMs: 8, startedAtMs: 0 });
      expect(told.flat().map((row) => row.state)).toEqual(['cancelled']);
    });

    test('a task goes from waiting to its result and never back', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0, 'waiting')]);

      expect(await tasks.markSent(['a'], 'j', 5)).toEqual([]);
      await tasks.release(['a']);
      expect(await tasks.markSent(['a', 'a'], 'j', 5)).toEqual(['a']);
      await tasks.markStarted([{ id: 'a', timeMs: 6 }]);
      await tasks.setProgress([{ id: 'a', doneBytes: 1, totalBytes: 2 }]);
      await tasks.requeue(['a'], 8);
      expect(await tasks.finish([ended('a', { startedAtMs: 0 })])).toEqual(['a']);
      expect(await tasks.finish([ended('a', { state: 'lost' })])).toEqual([]);
      await tasks.markStarted([{ id: 'a', timeMs: 9 }]);

      expect(await tasks.get('a')).toMatchObject({
        work: 'w',
        node: 'n0',
        state: 'exited',
        journalId: 'j',
        sentAtMs: 5,
        startedAtMs: 6,
        finishedAtMs: 12,
        doneBytes: 1,
        totalBytes: 2,
        result,
      });
    });

    test('what was sent and is not known to the agent can be queued again', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0)]);
      await tasks.markSent(['a'], 'j', 5);

      await tasks.requeue(['a'], 8);

      expect(await tasks.get('a')).toMatchObject({ state: 'queued', journalId: '', sentAtMs: 0 });
      expect(await tasks.markSent(['a'], 'k', 6)).toEqual(['a']);
    });

    test('finish can be narrowed to what was never sent', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await tasks.markSent(['a'], 'j', 5);

      const done = await tasks.finish(
        [ended('a'), ended('b', { state: 'never-started' })],
        ['waiting', 'queued'],
      );

      expect(done).toEqual(['b']);
    });

    test('cancelling ends what has not begun and marks the rest', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1), newTask('c', 2, 'waiting')]);
      await tasks.markSent(['a'], 'j', 5);

      await tasks.requestCancel('w', 7);

      expect(await states(tasks, 'w')).toEqual(['sent', 'cancelled', 'cancelled']);
      expect((await tasks.list({ work: 'w' })).every((task) => task.cancelRequested)).toBe(true);
      expect(await tasks.get('b')).toMatchObject({ finishedAtMs: 7, result: { reason: /cancelled/ } });
    });

    test('counts tell succeeded from failed', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1), newTask('c', 2)]);

      await tasks.finish([ended('a'), ended('b', { result: { ...result, exitCode: 3 } })]);

      expect(await tasks.counts('w')).toEqual({
        waiting: 0,
        queued: 1,
        sent: 0,
        running: 0,
        succeeded: 1,
        failed: 1,
        signalled: 0,
        'timed-out': 0,
        cancelled: 0,
        unreachable: 0,
        'never-started': 0,
        lost: 0,
      });
    });

    test('lists are filtered by work, node, state, index and change', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1), newTask('c', 2)]);
      await tasks.insert('v', commandSpec, [newTask('d', 0)]);
      await tasks.markSent(['b'], 'j', 5);
      await tasks.finish([ended('a')]);
      const ids = async (filter: Parameters<TaskStore['list']>[0]) =>
        (await tasks.list(filter)).map((task) => task.id);

      expect(await ids({ node: 'n0', states: ['queued'] })).toEqual(['d']);
      expect(await ids({ work: 'w', states: ['exited', 'sent'] })).toEqual(['a', 'b']);
      expect(await ids({ work: 'w', afterIndex: 0, limit: 1 })).toEqual(['b']);
      expect(await ids({ work: 'w', afterChange: 0 })).toEqual(['c', 'b', 'a']);
      expect(await ids({ states: ['sent', 'queued'] })).toEqual(['b', 'c', 'd']);
    });

    test('a node has its newest tasks of all works, newest first', async () => {
      const { tasks } = await stores.fresh();
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await tasks.insert('v', commandSpec, [newTask('c', 0)]);
      await tasks.insert('u', commandSpec, [newTask('d', 0)]);
      expect((await tasks.ofNode('n0', 2)).map(({ id, work }) => [id, work])).toEqual([
        ['d', 'u'],
        ['c', 'v'],
      ]);
      expect(await tasks.ofNode('none', 2)).toEqual([]);
    });

    test('listeners get the newest row of each task once per commit, with rising change', async () => {
      const { tasks } = await stores.fresh();
      const told = record<readonly TaskRow[]>(tasks.onChange);
      await tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await tasks.markSent(['a', 'b'], 'j', 5);

      const started = [{ id: 'a', timeMs: 6 }];
      await tasks.report({ output: [], started, progress: [], results: [ended('a')] });
      await tasks.setMessage(['a', 'b'], 'waiting');
      await tasks.setMessage(['b'], 'waiting');

      expect(told.map((rows) => rows.map((row) => `${row.id} ${row.state}`))).toEqual([
        ['a queued', 'b queued'],
        ['a sent', 'b sent'],
        ['a exited'],
        ['b sent'],
      ]);
      const changes = told.flat().map((row) => row.change);
      expect(changes).toEqual([...changes].sort((x, y) => x - y));
      expect(await tasks.get('a')).toEqual(told[2]?.[0]);
    });

    test('removing a work leaves nothing, and changes still rise after a restart', async () => {
      const before = await stores.fresh();
      await before.tasks.insert('v', commandSpec, [newTask('x', 0)]);
      await before.tasks.insert('w', commandSpec, [newTask('a', 0), newTask('b', 1)]);
      await before.tasks.remove('w');

      const { tasks } = await stores.again();
      await tasks.markSent(['x'], 'j', 5);

      expect(await tasks.list({ work: 'w' })).toEqual([]);
      expect(await tasks.spec('w')).toBeUndefined();
      expect((await tasks.get('x'))?.change).toBe(4);
    });
  });
};

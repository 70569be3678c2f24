import { noResult } from '@drover/api';
import { commandRuns, type LogChunk, type ResultsEvent, type WorkReference } from '@drover/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../../test/harness/wait.ts';
import type { OutputRow, TaskResult, TaskSpec } from '../../store/store.ts';
import { type Ground, openGround } from '../test-ground.ts';

let ground: Ground;
let count = 0;

beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground.close());

const spec: TaskSpec = {
  kind: 'command',
  argv: ['true'],
  script: '',
  user: '',
  cwd: '',
  env: {},
  input: '',
  maxOutputBytes: 1_000_000,
};

const result = (change: Partial<TaskResult> = {}): TaskResult => ({ ...noResult, ...change });

/** A run whose tasks the test plays itself: web0, web1, ... */
const startRun = async (nodes: number) => {
  const name = `run${++count}`;
  const run = await ground.client.create(commandRuns, {
    metadata: { name },
    spec: { argv: ['true'], targets: { nodeSet: '*' } },
  });
  const work = run.metadata.uid ?? '';
  const id = (index: number): string => `${name}-${index}`;
  const nowMs = Date.now();
  const tasks = Array.from({ length: nodes }, (_, index) => ({
    id: id(index),
    node: `web${index}`,
    index,
    state: 'queued' as const,
    timeoutMs: 60_000,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 60_000,
  }));
  await ground.store.tasks.insert(work, spec, tasks);
  await ground.store.tasks.markSent(
    tasks.map((task) => task.id),
    'journal',
    nowMs,
  );
  const reference: WorkReference<typeof run> = { kind: commandRuns, name };
  return {
    reference,
    output: (index: number, offset: number, text: string, stream: 1 | 2 = 1) => {
      const row: OutputRow = { taskId: id(index), stream, offset, timeMs: nowMs, data: Buffer.from(text) };
      return ground.store.tasks.report({ output: [row], started: [], progress: [], results: [] });
    },
    finish: (index: number, change: Partial<TaskResult> = {}) =>
      ground.store.tasks.report({
        output: [],
        started: [{ id: id(index), timeMs: nowMs }],
        progress: [],
        results: [
          { id: id(index), state: 'exited', startedAtMs: nowMs, finishedAtMs: nowMs, result: result(change) },
        ],
      }),
    end: () =>
      ground.client.patch(
        commandRuns,
        name,
        { type: 'merge', body: { status: { phase: 'Succeeded' } } },
        {
          subresource: 'status',
        },
      ),
  };
};

const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString();

const collect = async <T>(items: AsyncIterable<T>, into: T[] = []): Promise<T[]> => {
  for await (const item of items) into.push(item);
  return into;
};

describe('results', () => {
  it('come in pages that hold every node once, with counts', async () => {
    const run = await startRun(25);
    for (let index = 0; index < 25; index += 1) await run.finish(index, { exitCode: index % 2 });
    const first = await ground.client.results(run.reference, { limit: 10 });
    expect(first.items.map((task) => task.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(first.counts).toMatchObject({ succeeded: 13, failed: 12 });
    expect(first.continue).toBeDefined();
    const nodes: string[] = [];
    let next: string | undefined;
    do {
      const page = await ground.client.results(run.reference, {
        limit: 10,
        ...(next ? { continue: next } : {}),
      });
      nodes.push(...page.items.map((task) => task.node));
      expect(page.cursor).toBe(first.cursor);
      next = page.continue;
    } while (next !== undefined);
    expect(nodes).toEqual(Array.from({ length: 25 }, (_, index) => `web${index}`));
  });

  it('can be narrowed to a node and to states', async () => {
    const run = await startRun(3);
    await run.finish(1);
    const one = await ground.client.results(run.reference, { node: 'web2' });
    expect(one.items.map((task) => task.node)).toEqual(['web2']);
    const ended = await ground.client.results(run.reference, { states: ['exited'] });
    expect(ended.items.map((task) => task.node)).toEqual(['web1']);
    await expect(
      ground.client.http.json({
        path: '/apis/drover.dev/v1alpha1/namespaces/default/commandruns/run1/results?state=odd',
      }),
    ).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('stream every change from a cursor on, then the status, then END when the work is final', async () => {
    const run = await startRun(2);
    await run.finish(0);
    const { cursor } = await ground.client.results(run.reference);
    const seen: ResultsEvent[] = [];
    const watching = collect(ground.client.watchResults(run.reference, { cursor }), seen);
    await waitFor('the status', () => seen.some((event) => event.type === 'STATUS'));
    await run.finish(1);
    await waitFor('the second node', () =>
      seen.some((e) => e.type === 'TASK' && e.task.node === 'web1' && e.task.result),
    );
    await run.end();
    await watching;
    expect(seen.flatMap((event) => (event.type === 'TASK' ? [event.task.node] : []))).not.toContain('web0');
    expect(seen.at(-1)).toEqual({ type: 'END' });
    expect(seen.at(-2)).toMatchObject({ type: 'STATUS', object: { status: { phase: 'Succeeded' } } });
  });

  it('end when the work is deleted while they are watched', async () => {
    const run = await startRun(1);
    const seen: ResultsEvent[] = [];
    const watching = collect(ground.client.watchResults(run.reference), seen);
    await waitFor('the first event', () => seen.length > 0);
    await ground.client.delete(commandRuns, run.reference.name);
    await watching;
    expect(seen.at(-1)).toEqual({ type: 'END' });
  });

  it('are not there for work that is not there', async () => {
    await expect(ground.client.results({ kind: commandRuns, name: 'none' })).rejects.toMatchObject({
      code: 404,
    });
  });
});

describe('log of one node', () => {
  it('gives the bytes of one stream from any offset', async () => {
    const run = await startRun(1);
    await run.output(0, 0, 'hello ');
    await run.output(0, 6, 'world');
    await run.output(0, 0, 'oops', 2);
    const read = async (options: { stream?: 'stdout' | 'stderr'; offset?: number }) =>
      text(await collect(ground.client.nodeLog(run.reference, 'web0', options)));
    expect(await read({})).toBe('hello world');
    expect(await read({ offset: 3 })).toBe('lo world');
    expect(await read({ offset: 11 })).toBe('');
    expect(await read({ stream: 'stderr' })).toBe('oops');
  });

  it('follows until the task of that node is final, though the work goes on', async () => {
    const run = await startRun(2);
    const parts: Uint8Array[] = [];
    const following = collect(ground.client.nodeLog(run.reference, 'web0', { follow: true }), parts);
    await run.output(0, 0, 'one ');
    await waitFor('the first bytes', () => text(parts) === 'one ');
    await run.output(0, 4, 'two');
    await run.finish(0);
    await following;
    expect(text(parts)).toBe('one two');
  });

  it('comes as lines of both streams in order of arrival, from any cursor', async () => {
    const run = await startRun(2);
    await run.output(0, 0, 'one ');
    await run.output(1, 0, 'of another node');
    await run.output(0, 0, 'oops', 2);
    await run.output(0, 4, 'two');
    const all = await collect(ground.client.log(run.reference, { node: 'web0' }));
    const told = all.map(({ node, stream, data }) => [node, stream, text([data])]);
    expect(told).toEqual([
      ['web0', 'stdout', 'one '],
      ['web0', 'stderr', 'oops'],
      ['web0', 'stdout', 'two'],
    ]);
    const cursor = all[0]?.cursor ?? 0;
    expect(await collect(ground.client.log(run.reference, { node: 'web0', cursor }))).toEqual(all.slice(1));
  });

  it('is refused for a node that has no task', async () => {
    const run = await startRun(1);
    await expect(collect(ground.client.nodeLog(run.reference, 'db1'))).rejects.toMatchObject({ code: 404 });
  });
});

describe('log of all nodes', () => {
  it('gives lines with cursors that continue without loss or repetition', async () => {
    const run = await startRun(3);
    for (let round = 0; round < 4; round += 1) {
      for (let index = 0; index < 3; index += 1) await run.output(index, round * 2, `${round}\n`);
    }
    const all = await collect(ground.client.log(run.reference));
    expect(all).toHaveLength(12);
    const middle = all[4]?.cursor ?? 0;
    const rest = await collect(ground.client.log(run.reference, { cursor: middle }));
    expect(rest).toEqual(all.slice(5));
    expect(all[0]).toMatchObject({ node: 'web0', stream: 'stdout', offset: 0 });
  });

  it('follows until the work is final', async () => {
    const run = await startRun(2);
    const seen: LogChunk[] = [];
    const following = collect(ground.client.log(run.reference, { follow: true }), seen);
    await run.output(0, 0, 'a');
    await waitFor('the first line', () => seen.length === 1);
    await run.output(1, 0, 'b', 2);
    await run.finish(0);
    await run.finish(1);
    await run.end();
    await following;
    expect(seen.map((chunk) => [chunk.node, chunk.stream, text([chunk.data])])).toEqual([
      ['web0', 'stdout', 'a'],
      ['web1', 'stderr', 'b'],
    ]);
  });

  it('comes as server-sent events that resume by Last-Event-ID', async () => {
    const run = await startRun(1);
    await run.output(0, 0, 'a');
    await run.output(0, 1, 'b');
    const path = `/apis/drover.dev/v1alpha1/namespaces/default/commandruns/${run.reference.name}/log`;
    const read = async (headers: Readonly<Record<string, string>>) =>
      text(await collect(ground.client.http.bytes({ path, accept: 'text/event-stream', headers })));
    const all = await read({});
    const ids = [...all.matchAll(/^id: (\d+)\ndata: \{.*\}\n$/gm)].map((match) => match[1] ?? '');
    expect(ids).toHaveLength(2);
    expect(all.endsWith('event: end\ndata: {}\n\n')).toBe(true);
    const rest = await read({ 'last-event-id': ids[0] ?? '' });
    expect(rest).toContain(`id: ${ids[1]}\n`);
    expect(rest).not.toContain(`id: ${ids[0]}\n`);
  });

  it('sends its head at once, before there is anything to say', async () => {
    const run = await startRun(1);
    const path = `/apis/drover.dev/v1alpha1/namespaces/default/commandruns/${run.reference.name}/log?follow=1`;
    const answer = await ground.client.http.open({ path });
    expect(answer.statusCode).toBe(200);
    answer.destroy();
  });
});

describe('fold', () => {
  it('groups nodes that ended alike, and lists those that are silent', async () => {
    const run = await startRun(6);
    for (const index of [0, 1, 2]) {
      await run.output(index, 0, 'same\n');
      await run.finish(index, { stdoutBytes: 5 });
    }
    await run.output(3, 0, 'other\n');
    await run.finish(3, { exitCode: 2, stdoutBytes: 6 });
    const { groups, silent } = await ground.client.fold(run.reference);
    expect(silent).toBe('web[4-5]');
    expect(groups.map((group) => [group.nodeSet, group.count, group.exitCode, text([group.stdout])])).toEqual(
      expect.arrayContaining([
        ['web[0-2]', 3, 0, 'same\n'],
        ['web3', 1, 2, 'other\n'],
      ]),
    );
    expect(groups).toHaveLength(2);
  });
});

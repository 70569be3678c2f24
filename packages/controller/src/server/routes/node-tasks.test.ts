// What a node was asked to do, over all runs and transfers.
import { commandRuns, type NodeTaskEvent, nodes } from '@drover/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TaskSpec } from '../../store/store.ts';
import { type Ground, openGround } from '../test-ground.ts';
import { call, grant, tokenOf } from '../test-people.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
  for (const name of ['web1', 'web2']) await ground.client.create(nodes, { metadata: { name } });
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
  maxOutputBytes: 1_000,
};

/** A run with one task on each node. */
const addRun = async (name: string, on: readonly string[]): Promise<void> => {
  const wish = { metadata: { name }, spec: { argv: ['true'], targets: { nodeSet: '*' } } };
  const run = await ground.client.create(commandRuns, wish);
  const tasks = on.map((node, index) => ({
    id: `${name}-${node}`,
    node,
    index,
    state: 'queued' as const,
    timeoutMs: 1_000,
    createdAtMs: 1,
    expiresAtMs: 2,
  }));
  await ground.store.tasks.insert(run.metadata.uid ?? '', spec, tasks);
};

const path = '/api/v1/nodes/web1/tasks';
const namesIn = (text: string): readonly string[] =>
  (JSON.parse(text) as { items: { kind: string; name: string }[] }).items.map(
    ({ kind, name }) => `${kind} ${name}`,
  );

test('tasks of the node come newest first with the run that they are of, up to a limit', async () => {
  await addRun('first', ['web1', 'web2']);
  await addRun('elsewhere', ['web2']);
  await addRun('second', ['web1']);
  expect(namesIn((await call(ground, { path })).text)).toEqual(['CommandRun second', 'CommandRun first']);
  expect(namesIn((await call(ground, { path: `${path}?limit=1` })).text)).toEqual(['CommandRun second']);
  expect((await call(ground, { path: '/api/v1/nodes/none/tasks' })).code).toBe(404);
});

test('a right to the node shows nothing of runs that one may not get', async () => {
  await addRun('hidden', ['web1']);
  const node = { apiGroups: [''], resources: ['nodes/tasks'], verbs: ['get'] };
  await grant(ground, 'node-only', [node]);
  const token = await tokenOf(ground, 'node-only');
  expect(namesIn((await call(ground, { path, token })).text)).toEqual([]);
  expect((await call(ground, { path, token: await tokenOf(ground, 'stranger') })).code).toBe(403);
});

test('a watch tells what there is, and then each change', async () => {
  await addRun('followed', ['web1']);
  const stop = new AbortController();
  const events = ground.client
    .watchNodeTasks('web1', { signal: stop.signal, limit: 1 })
    [Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value } = (await events.next()) as IteratorYieldResult<NodeTaskEvent>;
    return value.type === 'TASK' ? `${value.task.name} ${value.task.state}` : value.type;
  };
  expect(await next()).toBe('followed queued');
  expect(await next()).toBe('READY');
  await ground.store.tasks.markSent(['followed-web1'], 'journal', 5);
  expect(await next()).toBe('followed sent');
  stop.abort();
});

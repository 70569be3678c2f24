import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWriter } from '../sqlite/files.ts';
import { type Call, runBatch } from './batch.ts';
import { type Context, createContext } from './context.ts';
import { writeOperations } from './operations.ts';

let dataDir = '';
let opened: ReturnType<typeof openWriter>;
let context: Context;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-batch-'));
  opened = openWriter(dataDir);
  context = await createContext(opened.database);
});
afterEach(async () => {
  opened.close();
  await rm(dataDir, { recursive: true, force: true });
});

const toCall = (name: string, sizeBytes: number): Call => {
  const write = { resource: 'r', namespace: '', name, type: 'created', uid: '', dataKey: null, expect: 0 };
  return ['objects.write', [{ ...write, json: JSON.stringify('x'.repeat(sizeBytes)) }]];
};

const names = (): readonly unknown[] =>
  opened.database
    .rows('SELECT name, revision FROM object_log ORDER BY revision')
    .map((row) => `${row['name']} ${row['revision']}`);

const run = async (...calls: readonly Call[]) =>
  (await runBatch(context, writeOperations, calls)).outcomes.map((one) =>
    'failure' in one ? one.failure.reason : 'ok',
  );

test('a full disk refuses what does not fit and nothing else, and leaves no gap', async () => {
  opened.database.exec('PRAGMA max_page_count = 60');

  const outcomes = await run(toCall('a', 10), toCall('big', 1_000_000), toCall('b', 10));

  const fitting = outcomes.map((outcome, i) => (outcome === 'ok' ? ['a', 'big', 'b'][i] : undefined));
  expect(outcomes[1]).toBe('InsufficientStorage');
  expect(names()).toEqual(fitting.filter((name) => name !== undefined).map((name, i) => `${name} ${i + 1}`));
  expect(await run(toCall('c', 10))).toEqual(['ok']);
  expect(names().at(-1)).toBe(`c ${context.counters.revision}`);
});

test('an operation that does not exist fails the batch and the next one goes on', async () => {
  expect(await run(toCall('a', 10), ['no.such', undefined])).toEqual(['InternalError', 'InternalError']);
  expect(await run(toCall('a', 10))).toEqual(['ok']);
  expect(names()).toEqual(['a 1']);
});

test('a call that fails takes its effects on listeners along', async () => {
  const task = {
    id: 't',
    node: 'n',
    index: 0,
    state: 'queued',
    timeoutMs: 1,
    createdAtMs: 1,
    expiresAtMs: 1,
  };
  const tasks = { work: 'w', spec: '{}', tasks: [task, { ...task, id: undefined }] };

  const reply = await runBatch(context, writeOperations, [['tasks.insert', tasks]]);

  expect([reply.tasks, context.counters.change]).toEqual([[], 0]);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Call, runBatch } from './batch.ts';
import { type Context, createContext } from './context.ts';
import { type OpenDatabase, openWriter } from './database.ts';
import { writeOperations } from './operations.ts';

let dataDir = '';
let opened: OpenDatabase;
let context: Context;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-batch-'));
  opened = openWriter(dataDir);
  context = createContext(opened.database);
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
    .prepare('SELECT name, revision FROM object_log ORDER BY revision')
    .all()
    .map((row) => `${row['name']} ${row['revision']}`);

const run = (...calls: readonly Call[]) =>
  runBatch(context, writeOperations, calls).outcomes.map((one) =>
    'failure' in one ? one.failure.reason : 'ok',
  );

test('a full disk refuses what does not fit and nothing else, and leaves no gap', () => {
  opened.database.exec('PRAGMA max_page_count = 60');

  const outcomes = run(toCall('a', 10), toCall('big', 1_000_000), toCall('b', 10));

  const fitting = outcomes.map((outcome, i) => (outcome === 'ok' ? ['a', 'big', 'b'][i] : undefined));
  expect(outcomes[1]).toBe('InsufficientStorage');
  expect(names()).toEqual(fitting.filter((name) => name !== undefined).map((name, i) => `${name} ${i + 1}`));
  expect(run(toCall('c', 10))).toEqual(['ok']);
  expect(names().at(-1)).toBe(`c ${context.counters.revision}`);
});

test('an operation that does not exist fails the batch and the next one goes on', () => {
  expect(run(toCall('a', 10), ['no.such', undefined])).toEqual(['InternalError', 'InternalError']);
  expect(run(toCall('a', 10))).toEqual(['ok']);
  expect(names()).toEqual(['a 1']);
});

test('a call that fails takes its effects on listeners along', () => {
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

  const reply = runBatch(context, writeOperations, [['tasks.insert', tasks]]);

  expect([reply.tasks, context.counters.change]).toEqual([[], 0]);
});

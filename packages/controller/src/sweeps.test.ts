import { defaultRetention, type RetentionSpec } from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownEntry } from './auth/audit/trail.ts';
import { type Ground, openGround } from './controllers/test-ground.ts';
import { createHold, type Hold } from './platform/hold.ts';
import { allSizes, ownSweeps, sharedSweeps } from './sweeps.ts';

let ground: Ground;
let hold: Hold;
let wishes: unknown[];
const recordings = {
  trim: async (wish: unknown) => wishes.push(wish),
  size: async () => ({ count: 2, bytes: 30 }),
};
beforeEach(async () => {
  ground = await openGround();
  hold = createHold();
  wishes = [];
});
afterEach(() => ground.close());

const nowMs = Date.UTC(2026, 0, 31);
const sweepAll = async (spec: RetentionSpec): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { what, run } of [...sharedSweeps({ ...ground, hold }), ...ownSweeps({ recordings, hold })])
    counts[what] = await run(spec, nowMs, new AbortController().signal);
  return counts;
};

test('rows of the audit trail beyond the number go, and what stays is proven', async () => {
  for (let i = 0; i < 10; i++) await ground.store.audit.append(ownEntry(ground.clock.nowMs(), 'test'));
  const counts = await sweepAll({ ...defaultRetention, audit: { keepDays: 400, keepRows: 4 } });
  expect(counts['old rows of the audit trail']).toBe(6);
  expect(await ground.store.audit.verify()).toMatchObject({ first: 7, problem: undefined });
});

test('recordings go by the days and the size of the policy, but not while a backup is made', async () => {
  const release = await hold.hold();
  await sweepAll(defaultRetention);
  expect(wishes).toEqual([]);
  release();
  await sweepAll({ ...defaultRetention, recordings: { keepDays: 30, keepMebibytes: 2 } });
  expect(wishes).toEqual([{ endedBeforeMs: Date.UTC(2026, 0, 1), mostBytes: 2_097_152 }]);
});

test('sizes are told of rows, content and recordings', async () => {
  const { kept } = await allSizes({ ...ground, recordings });
  expect(kept.map(({ name }) => name).sort()).toEqual(
    ['audit', 'certificates', 'content', 'output', 'recordings', 'revisions', 'tasks'].sort(),
  );
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openYear, type YearSizes } from './test-year.ts';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'drover-year-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Bounds that are reached before the first look. */
const policy = {
  work: { keepDays: 10 },
  audit: { keepDays: 30, keepRows: 0 },
  recordings: { keepDays: 10, keepMebibytes: 100 },
  enrollmentTokens: { keepDays: 10 },
  sshEnrollments: { keepDays: 10 },
  certificates: { keepDays: 10 },
};

test('once the bounds are reached nothing grows: no table has more rows, and the file is as large as before', async () => {
  const year = await openYear({ dataDir, nodes: 4, share: 0.1, stepDays: 5, policy });
  const after = async (steps: number): Promise<YearSizes> => {
    for (let step = 0; step < steps; step++) await year.step();
    return year.sizes();
  };
  // Certificates live longest: 90 days, and 10 as the policy says.
  const before = await after(150 / 5);
  const now = await after(100 / 5);
  await year.close();

  expect(Object.values(before.rows).filter((rows) => rows > 0).length).toBeGreaterThan(9);
  const most = Object.entries(before.rows).map(([table, rows]) => [table, rows * 1.1 + 12] as const);
  expect(most.filter(([table, rows]) => (now.rows[table] ?? 0) > rows)).toEqual([]);
  const room = 256 * 1024;
  expect(now.fileBytes['drover.db']).toBeLessThan((before.fileBytes['drover.db'] ?? 0) * 1.1 + room);
  expect(now.fileBytes['recordings']).toBeLessThanOrEqual((before.fileBytes['recordings'] ?? 0) * 1.1 + room);
  expect(now.fileBytes['blobs']).toBeLessThanOrEqual((before.fileBytes['blobs'] ?? 0) + room);
});

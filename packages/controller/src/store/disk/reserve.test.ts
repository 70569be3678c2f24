import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Reserve, wantedBytes } from './reserve.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'drover-reserve-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('it takes its room on the disk, gives it up whole, and is made anew', async () => {
  const reserve = new Reserve(dir);
  expect(reserve.sizeBytes).toBe(0);
  await reserve.make();
  expect(reserve.sizeBytes).toBe(wantedBytes);
  expect(statSync(join(dir, 'reserve')).blocks * 512).toBeGreaterThanOrEqual(wantedBytes);
  reserve.giveUp();
  expect(existsSync(join(dir, 'reserve'))).toBe(false);
  await reserve.make();
  expect(reserve.sizeBytes).toBe(wantedBytes);
});

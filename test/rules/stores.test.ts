// What is asked of one store only is named, with the reason, and is there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onceOnly } from '../e2e/stores.ts';
import { root } from './sources.ts';

test('every file that is run on one store only exists, and says why', () => {
  const named = Object.entries(onceOnly);
  expect(named.length).toBeGreaterThan(0);
  for (const [file, why] of named)
    expect([file, existsSync(join(root, file)), why !== '']).toEqual([file, true, true]);
});

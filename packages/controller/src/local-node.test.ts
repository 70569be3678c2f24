import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { trimLog } from './local-node.ts';

test('a log that is too long is kept apart once, and who has it open goes on at the beginning of a new one', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'drover-local-node-'));
  const path = join(dir, 'local-node.log');
  await trimLog(path, 10);
  const writer = await open(path, 'a');
  await writer.write('not long\n');
  await trimLog(path, 10);
  await writer.write('too long now\n');
  await trimLog(path, 10);
  await writer.write('new\n');

  expect(await readFile(`${path}.1`, 'utf8')).toBe('not long\ntoo long now\n');
  expect(await readFile(path, 'utf8')).toBe('new\n');
  await writer.close();
  await rm(dir, { recursive: true, force: true });
});

import { eventKind } from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { tellOfBackup } from './backup-news.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
beforeEach(async () => {
  ground = await openGround();
});
afterEach(() => ground.close());

test('a backup that fails again and again is one warning with a count, and one that was made is told', async () => {
  const { resources, clock } = ground;
  const deps = { resources, clock, log: silentLog };
  for (let i = 0; i < 3; i++) await tellOfBackup(deps, { kind: 'failed', message: 'the disk is full' });
  await tellOfBackup(deps, { kind: 'made', file: { name: 'x.backup', sizeBytes: 7 } });

  const involvedObject = { kind: 'Controller', name: 'drover' };
  expect(resources.list(eventKind, { namespace: 'default' }).items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        ...{ type: 'Warning', reason: 'BackupFailed', message: 'the disk is full', count: 3 },
        involvedObject: expect.objectContaining(involvedObject),
      }),
      expect.objectContaining({
        type: 'Normal',
        reason: 'BackupMade',
        message: 'x.backup was written: 7 bytes',
      }),
    ]),
  );
});

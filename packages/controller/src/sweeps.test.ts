import { defaultRetention, type KubeObject, type RetentionSpec, sshEnrollmentKind } from '@drover/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownEntry } from './auth/audit/trail.ts';
import { type Ground, openGround } from './controllers/test-ground.ts';
import { createHold, type Hold } from './platform/hold.ts';
import { allSizes, allSweeps } from './sweeps.ts';

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
  for (const { what, run } of allSweeps({ ...ground, recordings, hold }))
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

test('sessions, links and tokens go when they have ended, though nobody signs in again', async () => {
  const { credentials } = ground.store;
  const row = { sha256: '', user: 'u', description: '', createdAtMs: nowMs - 7_200_000 };
  const add = (id: string, more: object) =>
    credentials.add({ ...row, kind: 'session', expiresAtMs: 0, ...more, id, sha256: id });
  await add('ended', { expiresAtMs: nowMs - 1 });
  await add('idle', { expiresAtMs: nowMs + 1, details: { idleMs: 3_600_000 } });
  await add('link', { kind: 'link', expiresAtMs: nowMs - 1 });
  await add('in use', { expiresAtMs: nowMs + 1, details: { idleMs: 3_600_000 }, lastUsedMs: nowMs - 1 });
  await add('for ever', { kind: 'token' });
  const counts = await sweepAll(defaultRetention);
  expect(counts['sessions, links and tokens that have ended']).toBe(3);
  expect((await credentials.ofUser('u')).map(({ id }) => id).sort()).toEqual(['for ever', 'in use']);
});

test('uploads that nobody goes on with go after a week, though nobody begins another', async () => {
  const { blobs } = ground.store;
  const old = await blobs.beginUpload(5, nowMs - 8 * 86_400_000);
  const young = await blobs.beginUpload(5, nowMs - 6 * 86_400_000);
  const counts = await sweepAll(defaultRetention);
  expect(counts['uploads that nobody goes on with']).toBe(1);
  await expect(blobs.uploadOffset(old)).rejects.toMatchObject({ reason: 'NotFound' });
  expect(await blobs.uploadOffset(young)).toBe(0);
});

test('enrolments over SSH go some time after every server has joined or failed, not before', async () => {
  const { resources } = ground;
  const spec = { hosts: [{ names: 'a' }], credentials: { secretName: 's' } };
  for (const [name, completionTime] of [
    ['old', '2025-12-01T00:00:00Z'],
    ['young', '2026-01-20T00:00:00Z'],
    ['open', undefined],
  ] as const) {
    await resources.create(sshEnrollmentKind, 'default', { metadata: { name }, spec });
    const change = (object: KubeObject) => ({ ...object, status: { phase: 'Failed', completionTime } });
    await resources.modify(sshEnrollmentKind, 'default', name, change, { subresource: 'status' });
  }
  await sweepAll(defaultRetention);
  const { items } = resources.list(sshEnrollmentKind);
  expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['open', 'young']);
});

test('sizes are told of rows, content and recordings', async () => {
  const { kept } = await allSizes({ ...ground, recordings });
  expect(kept.map(({ name }) => name).sort()).toEqual(
    ['audit', 'certificates', 'content', 'output', 'recordings', 'revisions', 'tasks'].sort(),
  );
});

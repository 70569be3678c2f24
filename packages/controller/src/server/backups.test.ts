import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBackup } from '../store/backup/restore.ts';
import { deriveKey } from '../store/sealing/key-source.ts';
import { type Ground, openGround } from './test-ground.ts';

let ground: Ground;
let dir = '';

beforeEach(async () => {
  ground = await openGround();
  dir = await mkdtemp(join(tmpdir(), 'drover-backups-'));
});
afterEach(async () => {
  await ground.close();
  await rm(dir, { recursive: true, force: true });
});

const passphrase = 'planted horse battery 4711';

test('an administrator makes and fetches a backup; the trail says who, and nothing tells the passphrase', async () => {
  const info = await ground.client.makeBackup({ passphrase });
  const bytes = await buffer(ground.client.backup(info.id));

  expect(bytes.length).toBe(info.sizeBytes);
  const file = join(dir, 'x.backup');
  await writeFile(file, bytes);
  const load = (salted: Parameters<typeof deriveKey>[2]) => deriveKey(passphrase, 'it', salted);
  const read = await readBackup(file, { isPassphrase: true, load });
  expect([read.digest.sha256, read.header.revision]).toEqual([info.digest, info.revision]);
  const { items } = await ground.client.audit.page({ resource: 'backups' });
  expect(items).toMatchObject([{ verb: 'create', user: 'admin', code: 201 }]);
  expect(JSON.stringify(items)).not.toContain('planted');
  expect((await readFile(join(ground.dataDir, 'drover.db-wal'))).includes('planted')).toBe(false);
});

test('a controller that was started without a directory for them tells of no schedule', async () => {
  expect(await ground.client.backups()).toEqual({ files: [] });
});

test('who is no administrator may neither see, make nor fetch one, whatever ready role they have', async () => {
  const info = await ground.client.makeBackup({ passphrase });
  for (const role of ['view', 'edit', 'admin', 'operator']) {
    await ground.client.http.json({
      method: 'POST',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      body: {
        metadata: { name: role },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `u-${role}` }],
      },
    });
    const headers = { 'impersonate-user': `u-${role}` };
    const made = ground.client.http.json({ method: 'POST', path: '/backups', body: { passphrase }, headers });
    await expect(made, role).rejects.toMatchObject({ reason: 'Forbidden' });
    const fetched = buffer(ground.client.http.bytes({ path: `/backups/${info.id}`, accept: '*/*', headers }));
    await expect(fetched, role).rejects.toMatchObject({ reason: 'Forbidden' });
    const seen = ground.client.http.json({ path: '/backups', headers });
    await expect(seen, role).rejects.toMatchObject({ reason: 'Forbidden' });
  }
});

test('what cannot open a backup is refused without being quoted', async () => {
  for (const wish of [{}, { passphrase: 'short' }, { key: 'AAAA' }, { passphrase, key: 'x' }])
    await expect(ground.client.makeBackup(wish)).rejects.toMatchObject({ reason: 'Invalid' });
});

test('one backup is made at a time, and only the newest is kept', async () => {
  const both = await Promise.allSettled([
    ground.client.makeBackup({ passphrase }),
    ground.client.makeBackup({ passphrase }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const newest = await ground.client.makeBackup({ passphrase });

  expect(await readdir(join(ground.dataDir, 'staging'))).toEqual([newest.id]);
});

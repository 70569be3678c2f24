import type { AuditEntry } from '@drover/api';
import { describe, expect, test } from 'vitest';
import type { AuditLine, AuditScope, ObjectWrite, Store } from '../store.ts';
import { type Opener, record } from './harness.ts';

const entry: AuditEntry = {
  time: '2026-01-01T00:00:00.000Z',
  user: 'ada',
  verb: 'create',
  resource: 'configmaps',
  decision: 'allow',
};

const write = (name: string, resource = 'configmaps'): ObjectWrite => ({
  resource,
  namespace: 'default',
  name,
  type: 'created',
  value: {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name, uid: `uid-${name}` },
    data: { password: 'hunter2' },
  },
  expect: 0,
});

const scope = (): AuditScope => ({ entry: () => entry, rows: 0 });

const all = async ({ audit }: Store) =>
  (await audit.list({ filter: {}, from: { after: 0 }, limit: 1_000 })).records;

/** The audit trail. */
export const auditContract = (stores: Opener): void => {
  describe('audit', () => {
    test('a write on behalf of a request takes its row along, with what it became', async () => {
      const store = await stores.fresh();
      const request = scope();
      const [row] = await store.audit.within(request, () => store.objects.write([write('a')]));

      expect(request.rows).toBe(1);
      expect(await all(store)).toMatchObject([
        { seq: 1, user: 'ada', namespace: 'default', name: 'a', uid: 'uid-a' },
      ]);
      expect((await all(store))[0]?.resourceVersion).toBe(String(row?.revision));
    });

    test('what fails leaves neither object nor row, and what nobody asked for has no row', async () => {
      const store = await stores.fresh();
      await store.objects.write([write('own')]);
      const request = scope();
      const twice = store.audit.within(request, () => store.objects.write([write('b'), write('own')]));

      await expect(twice).rejects.toMatchObject({ reason: 'AlreadyExists' });
      expect(request.rows).toBe(0);
      expect(await all(store)).toEqual([]);
      await store.audit.append(entry);
      expect((await store.audit.verify()).problem).toBeUndefined();
    });

    test('a row of a Secret tells not even a hash of it', async () => {
      const store = await stores.fresh();
      await store.audit.within(scope(), () => store.objects.write([write('a'), write('s', 'secrets')]));

      const [plain, secret] = await all(store);
      expect(plain?.objectSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(secret).toMatchObject({ resource: 'secrets', name: 's' });
      expect(secret?.objectSha256).toBeUndefined();
    });

    test('a link that is traded for a session leaves two rows of its user; one that is not there leaves none', async () => {
      const store = await stores.fresh();
      const link = { id: 'l1', kind: 'link', sha256: 'aa', user: 'admin', description: '' } as const;
      const times = { createdAtMs: 1, expiresAtMs: 0 };
      await store.credentials.add({ ...link, ...times });
      const request = { entry: () => ({ ...entry, user: '', verb: 'sign-in', resource: 'links' }), rows: 0 };
      await store.audit.within(request, async () => {
        await store.credentials.take('nothing');
        await store.credentials.take('aa');
        await store.credentials.add({ ...link, ...times, id: 's1', kind: 'session', sha256: 'bb' });
      });

      expect(request.rows).toBe(2);
      expect((await all(store)).map((row) => [row.user, row.verb, row.resource, row.name])).toEqual([
        ['admin', 'use', 'links', 'l1'],
        ['admin', 'sign-in', 'sessions', 's1'],
      ]);
    });

    test('rows are chained over a restart, and told in order before the write is answered', async () => {
      const store = await stores.fresh();
      const told = record<readonly AuditLine[]>((listener) => store.audit.onAppend(listener));
      await Promise.all(Array.from({ length: 50 }, () => store.audit.append(entry)));
      expect(told.flat().map(([seq]) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect(JSON.parse(told.flat()[49]?.[2] ?? '')).toEqual((await all(store))[49]);

      const again = await stores.again();
      await again.audit.append(entry);
      expect(await again.audit.verify()).toMatchObject({ rows: 51, first: 1, problem: undefined });
      expect(again.audit.head().seq).toBe(51);
    });

    test('pages go from the newest back and from the oldest on, and a filter selects', async () => {
      const store = await stores.fresh();
      for (const user of ['ada', 'eve', 'ada', 'eve', 'ada']) await store.audit.append({ ...entry, user });
      const newest = { from: { before: Number.MAX_SAFE_INTEGER }, limit: 2 };

      const first = await store.audit.list({ ...newest, filter: { user: 'ada' } });
      expect(first.records.map(({ seq }) => seq)).toEqual([5, 3]);
      const from = { before: first.last ?? 0 };
      const rest = await store.audit.list({ filter: { user: 'ada' }, from, limit: 2 });
      expect([rest.records.map(({ seq }) => seq), rest.last]).toEqual([[1], undefined]);
      const oldest = await store.audit.list({ filter: {}, from: { after: 2 }, limit: 2 });
      expect(oldest.records.map(({ seq }) => seq)).toEqual([3, 4]);
    });

    test('rows are found by the nodes that work began on', async () => {
      const store = await stores.fresh();
      const nodes = { set: 'web[1-20]', count: 20 };
      await store.audit.append({
        ...entry,
        verb: 'start',
        resource: 'commandruns',
        group: 'drover.dev',
        nodes,
      });
      await store.audit.append({ ...entry, resource: 'nodes', subresource: 'shell', name: 'web3' });
      await store.audit.append({ ...entry, name: 'web3' });

      const seqs = async (filter: object) =>
        (await store.audit.list({ filter, from: { after: 0 }, limit: 9 })).records.map(({ seq }) => seq);
      expect(await seqs({ node: 'web3' })).toEqual([1, 2]);
      expect(await seqs({ node: 'web4' })).toEqual([1]);
      expect(await seqs({ node: 'web21' })).toEqual([]);
      expect(await seqs({ resource: 'nodes/shell' })).toEqual([2]);
      expect(await seqs({ resource: 'commandruns.drover.dev' })).toEqual([1]);
    });

    test('what retention removes leaves a chain that holds', async () => {
      const store = await stores.fresh();
      for (let i = 0; i < 12; i++) await store.audit.append({ ...entry, time: `2026-01-0${i < 6 ? 1 : 2}` });

      const old = {
        keepRows: Number.MAX_SAFE_INTEGER,
        olderThan: '2026-01-02',
        entry: { ...entry, verb: 'trim', resource: 'audit' },
      };
      expect(await store.audit.trim(old)).toBe(6);
      expect(await store.audit.verify()).toMatchObject({ first: 7, problem: undefined });
      expect(await store.audit.trim({ ...old, keepRows: 3, olderThan: '' })).toBe(4);
      const again = await stores.again();
      expect(await again.audit.verify()).toMatchObject({ first: 11, problem: undefined });
      expect((await all(again)).map(({ verb }) => verb)).toEqual(['create', 'create', 'trim', 'trim']);
    });
  });
};

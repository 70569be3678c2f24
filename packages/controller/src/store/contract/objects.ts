import { describe, expect, test } from 'vitest';
import type { ObjectRow, ObjectWrite } from '../store.ts';
import { type Opener, record } from './harness.ts';

const write = (name: string, type: ObjectWrite['type'], extra: Partial<ObjectWrite> = {}): ObjectWrite => ({
  resource: 'configmaps',
  namespace: 'default',
  name,
  type,
  value: {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, uid: `uid-${name}` },
    data: { text: 'ü\n"' },
  },
  ...extra,
});

const plain = ({ revision, resource, namespace, name, uid, type, value }: ObjectRow): ObjectRow => ({
  revision,
  resource,
  namespace,
  name,
  uid,
  type,
  value,
});

const created = (name: string): ObjectWrite => write(name, 'created', { expect: 0 });

export const objectContract = (stores: Opener): void => {
  describe('objects', () => {
    test('a write gets the next revisions and its values carry them', async () => {
      const { objects } = await stores.fresh();

      const rows = await objects.write([created('a'), created('b')]);

      expect(rows.map((row) => row.revision)).toEqual([1, 2]);
      expect(rows.map((row) => row.value.metadata.resourceVersion)).toEqual(['1', '2']);
      expect((await objects.snapshot()).rows.map(plain)).toEqual(rows.map(plain));
      expect(rows.map(({ json }) => JSON.parse(json))).toEqual(rows.map(({ value }) => value));
    });

    test('a write of many is all or nothing', async () => {
      const { objects } = await stores.fresh();
      await objects.write([created('a')]);

      await expect(objects.write([created('b'), created('a')])).rejects.toMatchObject({
        reason: 'AlreadyExists',
      });

      expect((await objects.snapshot()).rows.map((row) => row.name)).toEqual(['a']);
      expect((await objects.write([created('c')])).map((row) => row.revision)).toEqual([2]);
    });

    test('a snapshot of many pages has the newest of each key once, and nothing that was deleted', async () => {
      const { objects } = await stores.fresh();
      const names = Array.from({ length: 2_500 }, (_, i) => `n${String(i).padStart(4, '0')}`);
      await objects.write(names.map(created));
      await objects.write(names.filter((_, i) => i % 2 === 0).map((name) => write(name, 'updated')));
      await objects.write(names.slice(900, 2_100).map((name) => write(name, 'deleted')));

      const { revision, rows } = await objects.snapshot();

      expect(revision).toBe(2_500 + 1_250 + 1_200);
      expect(rows.map(({ name }) => name)).toEqual(names.toSpliced(900, 1_200));
      expect(rows.every(({ value, revision: own }) => value.metadata.resourceVersion === String(own))).toBe(
        true,
      );
      expect(rows.slice(0, 4).map(({ revision: own }) => own)).toEqual([2_501, 2, 2_502, 4]);
    });

    test('a row of a snapshot tells which fields its value cannot have, before it is read', async () => {
      const { objects } = await stores.fresh();
      await objects.write([created('a')]);

      const [row] = (await objects.snapshot()).rows;

      expect([row?.stored.mayHave('text'), row?.stored.mayHave('ownerReferences')]).toEqual([true, false]);
      expect(row?.value.metadata.name).toBe('a');
    });

    test('a call that fails does not touch the others of its batch', async () => {
      const { objects } = await stores.fresh();
      const told = record<readonly ObjectRow[]>(objects.onCommit);
      const names = Array.from({ length: 50 }, (_, i) => `n${i % 25}`);

      const settled = await Promise.allSettled(names.map((name) => objects.write([created(name)])));

      expect(settled.filter((one) => one.status === 'fulfilled')).toHaveLength(25);
      const rows = told.flat();
      expect(rows.map((row) => row.revision)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
      expect((await objects.snapshot()).rows).toHaveLength(25);
    });

    test('expect says which revision may be replaced, and what is missing cannot be changed', async () => {
      const { objects } = await stores.fresh();
      await objects.write([created('a')]);
      await objects.write([write('a', 'updated', { expect: 1 })]);

      await expect(objects.write([write('a', 'updated', { expect: 1 })])).rejects.toMatchObject({
        reason: 'Conflict',
      });
      await expect(objects.write([write('x', 'updated')])).rejects.toMatchObject({ reason: 'NotFound' });
      await expect(objects.write([write('x', 'deleted')])).rejects.toMatchObject({ reason: 'NotFound' });
    });

    test('what was deleted can be created again and the history tells both', async () => {
      const { objects } = await stores.fresh();
      await objects.write([created('a')]);
      await objects.write([write('a', 'deleted')]);
      await objects.write([created('a')]);

      const rows = await objects.since(0, 10);

      expect(rows.map((row) => row.type)).toEqual(['created', 'deleted', 'created']);
      expect((await objects.since(1, 1)).map((row) => row.revision)).toEqual([2]);
    });

    test('compaction keeps the present, expires the past and survives a restart', async () => {
      const before = await stores.fresh();
      await before.objects.write([created('a'), created('b')]);
      await before.objects.write([write('a', 'updated'), write('b', 'deleted')]);

      expect(await before.objects.compact(4)).toBe(3);
      const { objects } = await stores.again();

      const snapshot = await objects.snapshot();
      expect(snapshot.rows.map((row) => [row.name, row.revision])).toEqual([['a', 3]]);
      expect(snapshot.revision).toBe(4);
      await expect(objects.since(3, 10)).rejects.toMatchObject({ reason: 'Expired' });
      expect(await objects.since(4, 10)).toEqual([]);
      expect((await objects.write([created('c')])).map((row) => row.revision)).toEqual([5]);
    });

    test('listeners hear of a commit in order and before its writer is answered', async () => {
      const { objects } = await stores.fresh();
      const told: number[] = [];
      objects.onCommit((rows) => told.push(...rows.map((row) => row.revision)));
      const unsubscribe = objects.onCommit(() => {
        throw new Error('a listener that fails');
      });

      const rows = await Promise.all(['a', 'b', 'c'].map((name) => objects.write([created(name)])));
      unsubscribe();

      expect(told).toEqual(rows.flat().map((row) => row.revision));
    });
  });
};

import type { KubeObject } from '@drover/api';
import { describe, expect, test } from 'vitest';
import type { ApplyOptions, Resources } from './resources.ts';
import { configMap, useRooms } from './test-room.ts';

const rooms = useRooms();
const ns = 'default';

const apply = async (
  resources: Resources,
  manager: string,
  data: Record<string, string>,
  more: Partial<ApplyOptions> & { readonly metadata?: object } = {},
): Promise<{ readonly object: KubeObject; readonly created: boolean }> => {
  const { metadata, ...options } = more;
  const body = configMap('a', metadata, data);
  const kind = resources.kind('configmaps');
  return resources.apply(kind, ns, 'a', body, { fieldManager: manager, ...options });
};

const ownersOf = (object: KubeObject) =>
  (object.metadata.managedFields ?? [])
    .map((entry) => [entry['manager'], entry['operation'], entry['subresource'] ?? ''].join(' ').trim())
    .sort();

describe('apply', () => {
  test('makes what is not there, with its first manager', async () => {
    const { resources } = await rooms.fresh();

    const { object, created } = await apply(resources, 'one', { x: '1' });

    expect(created).toBe(true);
    expect(object.metadata).toMatchObject({ name: 'a', namespace: ns, generation: 1 });
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'one',
        operation: 'Apply',
        apiVersion: 'v1',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
  });

  test('again with the same makes no revision, with other values one', async () => {
    const { resources, clock } = await rooms.fresh();
    const { object: first } = await apply(resources, 'one', { x: '1' });
    clock.aheadMs = 5_000;

    expect(await apply(resources, 'one', { x: '1' })).toEqual({ object: first, created: false });
    const { object } = await apply(resources, 'one', { x: '2' });

    expect(resources.revision()).toBe(Number(first.metadata.resourceVersion) + 1);
    expect(object).toMatchObject({ data: { x: '2' }, metadata: { generation: 2 } });
  });

  test('is refused where another manages another value, unless forced; shared values stay with both', async () => {
    const { resources } = await rooms.fresh();
    await apply(resources, 'one', { x: '1', y: '1' });

    const refused = apply(resources, 'two', { x: '2', y: '1' });
    await expect(refused).rejects.toMatchObject({
      reason: 'Conflict',
      message: 'Apply failed with 1 conflict: conflict with "one": .data.x',
      details: {
        name: 'a',
        kind: 'configmaps',
        causes: [{ reason: 'FieldManagerConflict', field: '.data.x' }],
      },
    });
    const { object } = await apply(resources, 'two', { x: '2', y: '1' }, { force: true });
    expect(object['data']).toEqual({ x: '2', y: '1' });
    const { object: less } = await apply(resources, 'one', {});

    expect(less['data']).toEqual({ x: '2', y: '1' });
    expect(ownersOf(less)).toEqual(['one Apply', 'two Apply']);
  });

  test('takes away what its manager no longer applies', async () => {
    const { resources } = await rooms.fresh();
    await apply(resources, 'one', { x: '1', y: '1' });

    const { object } = await apply(resources, 'one', { x: '1' });

    expect(object['data']).toEqual({ x: '1' });
  });

  test('with a resourceVersion applies to that version only', async () => {
    const { resources } = await rooms.fresh();
    const { object } = await apply(resources, 'one', { x: '1' });
    const { resourceVersion } = object.metadata;
    await apply(resources, 'one', { x: '2' });

    const late = apply(resources, 'one', { x: '3' }, { metadata: { resourceVersion } });
    await expect(late).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('modified'),
    });
    const kind = resources.kind('configmaps');
    await resources.delete(kind, ns, 'a');
    const gone = apply(resources, 'one', { x: '3' }, { metadata: { resourceVersion } });
    await expect(gone).rejects.toMatchObject({ reason: 'Conflict' });
  });

  test('as a dry run shows what would be, and leaves no trace', async () => {
    const { resources } = await rooms.fresh();
    const before = resources.revision();

    const { object } = await apply(resources, 'one', { x: '1' }, { dryRun: true });

    expect(ownersOf(object)).toEqual(['one Apply']);
    expect(resources.revision()).toBe(before);
  });

  test('of two at once makes one object that both manage', async () => {
    const { resources } = await rooms.fresh();

    const both = await Promise.all([
      apply(resources, 'one', { x: '1' }),
      apply(resources, 'two', { y: '1' }),
    ]);

    expect(both.map(({ created }) => created).sort()).toEqual([false, true]);
    const object = resources.get(resources.kind('configmaps'), ns, 'a');
    expect(object['data']).toEqual({ x: '1', y: '1' });
    expect(ownersOf(object)).toEqual(['one Apply', 'two Apply']);
  });

  test('refuses another name, managedFields, unknown fields and what is of the wrong type', async () => {
    const { resources } = await rooms.fresh();
    const put = (body: object) =>
      resources.apply(resources.kind('configmaps'), ns, 'a', body, { fieldManager: 'one' });

    await expect(put({ metadata: { name: 'b' } })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(put({ metadata: { managedFields: [] } })).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(put({ colour: 'red' })).rejects.toMatchObject({
      message: expect.stringContaining('colour'),
    });
    await expect(put({ data: { x: 1 } })).rejects.toMatchObject({ reason: 'Invalid' });
    await expect(put({ data: 'x' })).rejects.toMatchObject({ reason: 'Invalid' });
    expect(resources.find(resources.kind('configmaps'), ns, 'a')).toBeUndefined();
  });

  test('of text in a secret manages the data that becomes of it', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('secrets');
    const put = (stringData: object) =>
      resources.apply(kind, ns, 's', { metadata: { name: 's' }, stringData }, { fieldManager: 'one' });
    await put({ a: '1', b: '2' });

    const { object } = await put({ a: '1' });

    expect(object['data']).toEqual({ a: 'MQ==' });
  });

  test('of status goes through its subresource alone', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('nodes');
    const body = { metadata: { name: 'web1', labels: { a: '1' } }, status: { phase: 'Running' } };
    const put = (subresource?: 'status') =>
      resources.apply(kind, '', 'web1', body, {
        fieldManager: 'one',
        ...(subresource === undefined ? {} : { subresource }),
      });
    await expect(put('status')).rejects.toMatchObject({ reason: 'NotFound' });

    const { object: main } = await put();
    expect(main['status']).toBeUndefined();
    const { object } = await put('status');

    expect(object['status']).toEqual({ phase: 'Running' });
    expect(ownersOf(object)).toEqual(['one Apply', 'one Apply status']);
  });
});

describe('who manages what', () => {
  test('is noted of creations, updates and patches by somebody, each for itself', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await resources.create(kind, ns, configMap('a', {}, { x: '1' }), { fieldManager: 'maker' });
    const change = { type: 'application/merge-patch+json' as const, body: { data: { y: '1' } } };

    const patched = await resources.patch(kind, ns, 'a', change, { fieldManager: 'patcher' });

    expect(ownersOf(patched)).toEqual(['maker Update', 'patcher Update']);
    const [maker, patcher] = patched.metadata.managedFields ?? [];
    expect(maker?.['fieldsV1']).toEqual({ 'f:data': { '.': {}, 'f:x': {} } });
    expect(patcher?.['fieldsV1']).toEqual({ 'f:data': { 'f:y': {} } });
    const gone = await resources.update(kind, ns, 'a', configMap('a', {}, { y: '1' }), { fieldManager: 'x' });
    expect(ownersOf(gone)).toEqual(['maker Update', 'patcher Update']);
    expect(gone.metadata.managedFields?.[0]?.['fieldsV1']).toEqual({ 'f:data': {} });
  });

  test('costs nothing for what controllers make and change', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('nodes');
    await resources.create(kind, '', { metadata: { name: 'web1' } });
    const label = {
      type: 'application/merge-patch+json' as const,
      body: { metadata: { labels: { a: '1' } } },
    };

    await resources.patch(kind, '', 'web1', label, { fieldManager: 'kubectl-label' });

    expect(resources.get(kind, '', 'web1').metadata).not.toHaveProperty('managedFields');
    const body = { metadata: { labels: { b: '1' } } };
    const { object } = await resources.apply(kind, '', 'web1', body, { fieldManager: 'one' });
    expect(ownersOf(object)).toEqual(['before-first-apply Update', 'one Apply']);
  });

  test('a status loop is one manager, whose entry changes only with its fields', async () => {
    const { resources, clock } = await rooms.fresh();
    const kind = resources.kind('nodes');
    await resources.create(kind, '', { metadata: { name: 'web1' } }, { fieldManager: 'maker' });
    const beat = (phase: string) =>
      resources.modify(kind, '', 'web1', (o) => ({ ...o, status: { phase } }), { subresource: 'status' });
    const first = await beat('Pending');
    clock.aheadMs = 60_000;

    const second = await beat('Running');

    expect(ownersOf(second)).toEqual(['drover Update status', 'maker Update']);
    expect(second.metadata.managedFields).toBe(first.metadata.managedFields);
  });

  test('equal sets are one object, also after a restart', async () => {
    const { resources } = await rooms.fresh();
    const setOf = (from: Resources, name: string): unknown =>
      from.get(from.kind('configmaps'), ns, name).metadata.managedFields?.[0]?.['fieldsV1'];
    for (const name of ['a', 'b']) {
      const options = { fieldManager: 'maker' };
      await resources.create(resources.kind('configmaps'), ns, configMap(name, {}, { x: name }), options);
    }
    expect(setOf(resources, 'a')).toBe(setOf(resources, 'b'));

    const { resources: restarted } = await rooms.again();

    expect(setOf(restarted, 'a')).toEqual({ 'f:data': { '.': {}, 'f:x': {} } });
    expect(setOf(restarted, 'a')).toBe(setOf(restarted, 'b'));
  });

  test('can be said by an update, forgotten with [{}], and is not lost by who does not know of it', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await apply(resources, 'one', { x: '1' });
    const write = (managedFields: unknown) =>
      resources.update(kind, ns, 'a', configMap('a', { managedFields }, { x: '1' }), { fieldManager: 'two' });

    expect(ownersOf(await write(undefined))).toEqual(['one Apply']);
    expect(ownersOf(await write([]))).toEqual(['one Apply']);
    const [entry] = resources.get(kind, ns, 'a').metadata.managedFields ?? [];
    expect(ownersOf(await write([{ ...entry, manager: 'other' }]))).toEqual(['other Apply']);
    await expect(write([{ ...entry, operation: 'Delete' }])).rejects.toMatchObject({ reason: 'Invalid' });
    expect((await write([{}])).metadata).not.toHaveProperty('managedFields');
  });
});

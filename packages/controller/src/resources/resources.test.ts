import type { KubeObject } from '@drover/api';
import { describe, expect, test } from 'vitest';
import { configMap, useRooms } from './test-room.ts';

const rooms = useRooms();
const ns = 'default';

describe('create', () => {
  test('gives uid, times, generation and version, and the cache shows it at once', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');

    const made = await resources.create(kind, ns, configMap('a', { uid: 'mine', generation: 9 }, { x: '1' }));

    expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { x: '1' } });
    expect(made.metadata).toMatchObject({ name: 'a', namespace: ns, generation: 1 });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(resources.get(kind, ns, 'a')).toEqual(made);
    expect(resources.get(kind, ns, 'a')).toBe(resources.get(kind, ns, 'a'));
    expect(Object.isFrozen(made['data'])).toBe(true);
    expect(resources.revision()).toBe(Number(made.metadata.resourceVersion));
  });

  test('refuses a second of the name, also when both come at once', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');

    const both = await Promise.allSettled([1, 2].map(() => resources.create(kind, ns, configMap('a'))));

    expect(both.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(resources.create(kind, ns, configMap('a'))).rejects.toMatchObject({
      reason: 'AlreadyExists',
      details: { name: 'a', kind: 'configmaps' },
    });
  });

  test('makes names from a prefix', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');

    const made = await resources.create(kind, ns, { metadata: { generateName: 'run-' } });

    expect(made.metadata.name).toMatch(/^run-[a-z0-9]{5}$/);
  });

  test('refuses what is in no namespace, in another, or in one that does not exist', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');

    await expect(resources.create(kind, '', configMap('a'))).rejects.toMatchObject({ reason: 'BadRequest' });
    await expect(resources.create(kind, 'nowhere', configMap('a'))).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(resources.create(kind, ns, configMap('a', { namespace: 'x' }))).rejects.toMatchObject({
      reason: 'BadRequest',
    });
    await expect(resources.create(kind, ns, 'text')).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  test('leaves status to its subresource, and a dry run leaves no trace', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('nodes');
    const before = resources.revision();
    const node = { metadata: { name: 'web1' }, spec: {}, status: { phase: 'Running' } };

    const dry = await resources.create(kind, '', node, { dryRun: true });
    expect(dry.metadata.uid).toBeDefined();
    expect([resources.find(kind, '', 'web1'), resources.revision()]).toEqual([undefined, before]);
    const made = await resources.create(kind, '', node);

    expect(made['status']).toBeUndefined();
  });
});

describe('a guard', () => {
  test('sees what is about to be stored in every way of writing, and what it refuses is not stored', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const seen: [unknown, unknown][] = [];
    const guard = (before: KubeObject | undefined, after: KubeObject): void => {
      seen.push([before?.['data'], after['data']]);
      if (seen.length > 2) throw new Error('refused');
    };

    await resources.create(kind, ns, configMap('a', {}, { x: '1' }), { guard });
    await resources.update(kind, ns, 'a', configMap('a', {}, { x: '2' }), { guard });
    const patch = { type: 'application/merge-patch+json', body: { data: { x: '3' } } } as const;
    await expect(resources.patch(kind, ns, 'a', patch, { guard, dryRun: true })).rejects.toThrow('refused');
    await expect(resources.create(kind, ns, configMap('b'), { guard })).rejects.toThrow('refused');

    expect(seen.slice(0, 3)).toEqual([
      [undefined, { x: '1' }],
      [{ x: '1' }, { x: '2' }],
      [{ x: '2' }, { x: '3' }],
    ]);
    expect(resources.get(kind, ns, 'a')['data']).toEqual({ x: '2' });
    expect(resources.find(kind, ns, 'b')).toBeUndefined();
  });
});

test('the revision of a kind grows with its own changes only', async () => {
  const { resources } = await rooms.fresh();
  const [maps, secrets] = [resources.kind('configmaps'), resources.kind('secrets')];
  const before = resources.revision(secrets);

  const made = await resources.create(maps, ns, configMap('a'));

  expect(resources.revision(maps)).toBe(Number(made.metadata.resourceVersion));
  expect(resources.revision(secrets)).toBe(before);
});

describe('update', () => {
  test('refuses an old version and applies an update without one to the newest', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const first = await resources.create(kind, ns, configMap('a'));
    const second = await resources.update(kind, ns, 'a', { ...first, data: { x: '1' } });

    await expect(resources.update(kind, ns, 'a', { ...first, data: {} })).rejects.toMatchObject({
      reason: 'Conflict',
    });
    const third = await resources.update(kind, ns, 'a', configMap('a', {}, { x: '2' }));

    expect(third.metadata.uid).toBe(first.metadata.uid);
    expect(third.metadata.generation).toBe(3);
    expect(Number(third.metadata.resourceVersion)).toBeGreaterThan(Number(second.metadata.resourceVersion));
  });

  test('what changes nothing makes no revision, and labels no generation', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const made = await resources.create(kind, ns, configMap('a', {}, { x: '1' }));

    expect(await resources.update(kind, ns, 'a', configMap('a', {}, { x: '1' }))).toEqual(made);
    const labelled = await resources.update(
      kind,
      ns,
      'a',
      configMap('a', { labels: { l: 'v' } }, { x: '1' }),
    );

    expect(labelled.metadata.generation).toBe(1);
    expect(resources.revision()).toBe(Number(made.metadata.resourceVersion) + 1);
  });

  test('spec and status are written apart', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('nodes');
    const made = await resources.create(kind, '', { metadata: { name: 'web1' }, spec: {} });
    const both = { ...made, spec: { unschedulable: true }, status: { phase: 'Running' } };

    const main = await resources.update(kind, '', 'web1', { ...both, metadata: { name: 'web1' } });
    const status = await resources.modify(
      kind,
      '',
      'web1',
      (o) => ({ ...o, spec: {}, status: both.status }),
      {
        subresource: 'status',
      },
    );

    expect([main['spec'], main['status']]).toEqual([{ unschedulable: true }, undefined]);
    expect([status['spec'], status['status']]).toEqual([{ unschedulable: true }, { phase: 'Running' }]);
    expect(status.metadata.generation).toBe(main.metadata.generation);
  });

  test('immutable fields stay, and the name must be that of the request', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('secrets');
    await resources.create(kind, ns, { metadata: { name: 'a' }, type: 'Opaque' });

    await expect(
      resources.update(kind, ns, 'a', { metadata: { name: 'a' }, type: 'other/type' }),
    ).rejects.toMatchObject({ reason: 'Invalid', details: { causes: [{ field: 'type' }] } });
    await expect(resources.update(kind, ns, 'a', { metadata: { name: 'b' } })).rejects.toMatchObject({
      reason: 'BadRequest',
    });
    await expect(resources.update(kind, ns, 'none', { metadata: {} })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });

  test('concurrent modifications are all counted', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await resources.create(kind, ns, configMap('a', {}, { n: '0' }));
    const count = (o: KubeObject): number => Number((o['data'] as { n: string }).n);

    await Promise.all(
      Array.from({ length: 30 }, () =>
        resources.modify(kind, ns, 'a', (o) => ({ ...o, data: { n: String(count(o) + 1) } })),
      ),
    );

    expect(count(resources.get(kind, ns, 'a'))).toBe(30);
  });
});

describe('approval', () => {
  test('an approval stays, whatever a status write says', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('certificatesigningrequests.certificates.k8s.io');
    const spec = { request: 'YWJj', signerName: 'drover.dev/node' };
    await resources.create(kind, '', { metadata: { name: 'r' }, spec });
    const write = (subresource: 'status' | 'approval', status: object) =>
      resources.modify(kind, '', 'r', (o) => ({ ...o, status }), { subresource });
    const approved = { type: 'Approved', status: 'True', reason: 'test' };

    await write('status', { conditions: [approved] });
    expect(resources.get(kind, '', 'r')['status']).toEqual({ conditions: [] });
    await write('approval', { conditions: [approved], certificate: 'YWJj' });
    await write('status', { certificate: 'ZGVm' });

    expect(resources.get(kind, '', 'r')['status']).toEqual({ conditions: [approved], certificate: 'ZGVm' });
    await expect(
      write('approval', { conditions: [{ type: 'Denied', status: 'True' }] }),
    ).rejects.toMatchObject({
      reason: 'Invalid',
    });
  });
});

describe('patch', () => {
  test('the three kinds of patch change what they name', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await resources.create(kind, ns, configMap('a', { labels: { l: 'v' } }, { x: '1', y: '2' }));
    const patch = (type: 'json-patch' | 'merge-patch' | 'strategic-merge-patch', body: unknown) =>
      resources.patch(kind, ns, 'a', { type: `application/${type}+json`, body });

    await patch('merge-patch', { data: { x: null } });
    await patch('json-patch', [{ op: 'add', path: '/data/z', value: '3' }]);
    const last = await patch('strategic-merge-patch', { metadata: { labels: { m: 'w' } } });

    expect([last['data'], last.metadata.labels]).toEqual([
      { y: '2', z: '3' },
      { l: 'v', m: 'w' },
    ]);
    await expect(patch('merge-patch', { data: { x: 5 } })).rejects.toMatchObject({ reason: 'Invalid' });
    await expect(patch('merge-patch', { metadata: { resourceVersion: '1' } })).rejects.toMatchObject({
      reason: 'Conflict',
    });
    await expect(patch('merge-patch', 'text')).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('delete', () => {
  test('honours preconditions and dry run, and answers with the last state', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const made = await resources.create(kind, ns, configMap('a', {}, { x: '1' }));

    await expect(resources.delete(kind, ns, 'a', { preconditions: { uid: 'other' } })).rejects.toMatchObject({
      reason: 'Conflict',
    });
    await expect(
      resources.delete(kind, ns, 'a', { preconditions: { resourceVersion: '1' } }),
    ).rejects.toMatchObject({ reason: 'Conflict' });
    await resources.delete(kind, ns, 'a', { dryRun: true });
    expect(resources.get(kind, ns, 'a')).toEqual(made);
    const gone = await resources.delete(kind, ns, 'a');

    expect(gone['data']).toEqual({ x: '1' });
    expect(() => resources.get(kind, ns, 'a')).toThrow('not found');
    await expect(resources.delete(kind, ns, 'a')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('finalizers hold an object until the last is taken away', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await resources.create(kind, ns, configMap('a', { finalizers: ['x.dev/one', 'x.dev/two'] }));

    const marked = await resources.delete(kind, ns, 'a');
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    expect(await resources.delete(kind, ns, 'a')).toBe(marked);
    const setFinalizers = (finalizers: readonly string[]) =>
      resources.modify(kind, ns, 'a', (o) => ({
        ...o,
        metadata: { ...o.metadata, finalizers: [...finalizers] },
      }));
    await expect(setFinalizers(['x.dev/one', 'x.dev/new'])).rejects.toMatchObject({ reason: 'Forbidden' });
    await setFinalizers(['x.dev/one']);
    expect(resources.find(kind, ns, 'a')).toBeDefined();
    await setFinalizers([]);

    expect(resources.find(kind, ns, 'a')).toBeUndefined();
  });

  test('a collection is deleted by selector', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const names = Array.from({ length: 200 }, (_, i) => `c${i}`);
    await Promise.all(
      names.map((name, i) => resources.create(kind, ns, configMap(name, { labels: { odd: String(i % 2) } }))),
    );

    const deleted = await resources.deleteCollection(kind, { namespace: ns, labelSelector: 'odd=1' });

    expect(deleted).toHaveLength(100);
    expect(resources.list(kind, { namespace: ns }).items).toHaveLength(100);
  });
});

describe('list', () => {
  test('pages show the state of the first page while objects change', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const names = Array.from({ length: 25 }, (_, i) => `c${String(i).padStart(2, '0')}`);
    await Promise.all(names.map((name) => resources.create(kind, ns, configMap(name, {}, { v: 'old' }))));

    let page = resources.list(kind, { namespace: ns, limit: 10 });
    expect(page.remainingItemCount).toBe(15);
    const items = [...page.items];
    while (page.continue !== undefined) {
      await resources.delete(kind, ns, `c${items.length + 1}`);
      await resources.create(kind, ns, configMap(`c${items.length + 5}x`));
      await resources.patch(kind, ns, `c${items.length + 3}`, {
        type: 'application/merge-patch+json',
        body: { data: { v: 'new' } },
      });
      page = resources.list(kind, { namespace: ns, limit: 10, continue: page.continue });
      items.push(...page.items);
    }

    expect(items.map((o) => o.metadata.name)).toEqual(names);
    expect(items.every((o) => (o['data'] as { v: string }).v === 'old')).toBe(true);
  });

  test('a continue token of before a restart is expired, one that is not ours refused', async () => {
    const first = await rooms.fresh();
    const kind = first.resources.kind('configmaps');
    for (const name of ['a', 'b', 'c']) await first.resources.create(kind, ns, configMap(name));
    const { continue: token = '' } = first.resources.list(kind, { limit: 1 });
    await first.resources.create(kind, ns, configMap('d'));

    const { resources } = await rooms.again();

    expect(() => resources.list(kind, { limit: 1, continue: token })).toThrow(/continue token is too old/);
    expect(() => resources.list(kind, { continue: 'bm9uc2Vuc2U' })).toThrow(/not one of ours/);
    expect(resources.list(kind).items.map((o) => o.metadata.name)).toEqual(['a', 'b', 'c', 'd']);
  });
});

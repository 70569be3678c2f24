import { describe, expect, test } from 'vitest';
import { configMap, owners, until, useRooms } from './test-room.ts';

const rooms = useRooms();
const ns = 'default';

describe('garbage collection', () => {
  test('what belongs to a deleted owner goes, through any number of levels', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const a = await resources.create(kind, ns, configMap('a'));
    const b = await resources.create(kind, ns, configMap('b', owners(a)));
    await resources.create(kind, ns, configMap('c', owners(b)));
    await resources.create(kind, ns, configMap('free'));

    await resources.delete(kind, ns, 'a');

    await until(() => resources.list(kind).items.length === 1);
    expect(resources.find(kind, ns, 'free')).toBeDefined();
  });

  test('an object with another owner stays and lets go of the one that is gone', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const a = await resources.create(kind, ns, configMap('a'));
    const b = await resources.create(kind, ns, configMap('b'));
    await resources.create(kind, ns, configMap('c', owners(a, b)));

    await resources.delete(kind, ns, 'a');

    await until(() => resources.get(kind, ns, 'c').metadata.ownerReferences?.length === 1);
    expect(resources.get(kind, ns, 'c').metadata.ownerReferences?.[0]?.name).toBe('b');
  });

  test('an owner deleted in foreground goes last, after dependents with finalizers', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const a = await resources.create(kind, ns, configMap('a'));
    await resources.create(kind, ns, configMap('b', { ...owners(a), finalizers: ['x.dev/hold'] }));

    const marked = await resources.delete(kind, ns, 'a', { propagationPolicy: 'Foreground' });
    expect(marked.metadata.finalizers).toEqual(['foregroundDeletion']);
    await until(() => resources.get(kind, ns, 'b').metadata.deletionTimestamp !== undefined);
    expect(resources.find(kind, ns, 'a')).toBeDefined();
    await resources.modify(kind, ns, 'b', (o) => ({ ...o, metadata: { ...o.metadata, finalizers: [] } }));

    await until(() => resources.list(kind).items.length === 0);
  });

  test('an owner deleted as orphan leaves its dependents alone', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const a = await resources.create(kind, ns, configMap('a'));
    await resources.create(kind, ns, configMap('b', owners(a)));

    await resources.delete(kind, ns, 'a', { propagationPolicy: 'Orphan' });

    await until(() => resources.find(kind, ns, 'a') === undefined);
    expect(resources.get(kind, ns, 'b').metadata.ownerReferences).toBeUndefined();
  });

  test('an owner that went while the controller was down takes its dependents along', async () => {
    const first = await rooms.fresh();
    const kind = first.resources.kind('configmaps');
    const a = await first.resources.create(kind, ns, configMap('a'));
    await first.resources.create(kind, ns, configMap('b', owners(a)));
    await first.resources.close();
    const write = { resource: 'configmaps', namespace: ns, name: 'a', type: 'deleted', value: a } as const;
    await first.store.objects.write([write]);

    const { resources } = await rooms.again();

    await until(() => resources.find(kind, ns, 'b') === undefined);
  });

  test('an owner of the same name made again is not the owner; one of an unknown kind may be', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const a = await resources.create(kind, ns, configMap('a'));
    const stale = owners({ ...a, metadata: { ...a.metadata, uid: 'former' } });
    await resources.create(kind, ns, configMap('b', stale));
    await resources.create(kind, ns, configMap('c', owners({ ...a, kind: 'Unknown' })));

    await until(() => resources.find(kind, ns, 'b') === undefined);
    expect(resources.find(kind, ns, 'c')).toBeDefined();
  });
});

describe('namespaces', () => {
  test('default and kube-system are there from the start and stay', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('namespaces');

    expect(resources.list(kind).items.map((o) => o.metadata.name)).toEqual(['default', 'kube-system']);
    await expect(resources.delete(kind, '', 'default')).rejects.toMatchObject({ reason: 'Forbidden' });
  });

  test('a namespace takes its contents along, waits for finalizers and lets nothing new in', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('namespaces');
    const maps = resources.kind('configmaps');
    await resources.create(kind, '', { metadata: { name: 'team' } });
    await resources.create(maps, 'team', configMap('a'));
    await resources.create(maps, 'team', configMap('b', { finalizers: ['x.dev/hold'] }));

    const marked = await resources.delete(kind, '', 'team');
    expect(marked['status']).toMatchObject({ phase: 'Terminating' });
    await expect(resources.create(maps, 'team', configMap('c'))).rejects.toMatchObject({
      reason: 'Forbidden',
    });
    await until(() => resources.list(maps, { namespace: 'team' }).items.length === 1);
    await until(() => JSON.stringify(resources.get(kind, '', 'team')).includes('configmaps. has 1 resource'));
    expect(resources.get(kind, '', 'team')['status']).toMatchObject({
      conditions: [
        { type: 'NamespaceContentRemaining', status: 'True', reason: 'SomeResourcesRemain' },
        {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          message:
            'Some content in the namespace has finalizers remaining: x.dev/hold in 1 resource instances',
        },
      ],
    });
    await resources.modify(maps, 'team', 'b', (o) => ({ ...o, metadata: { ...o.metadata, finalizers: [] } }));

    await until(() => resources.find(kind, '', 'team') === undefined);
  });

  test('its finalizers are changed through finalize alone, and the one for its contents stays while there are some', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('namespaces');
    const maps = resources.kind('configmaps');
    const finalize = (finalizers: readonly string[]) =>
      resources.update(kind, '', 'team', { spec: { finalizers } }, { subresource: 'finalize' });
    await resources.create(kind, '', { metadata: { name: 'team' } });
    await resources.create(maps, 'team', configMap('a'));

    await resources.update(kind, '', 'team', { spec: { finalizers: [] } });
    expect(resources.get(kind, '', 'team')['spec']).toEqual({ finalizers: ['kubernetes'] });
    await expect(finalize([])).rejects.toMatchObject({ reason: 'Conflict' });
    await finalize(['kubernetes', 'x.dev/hold']);
    await resources.delete(kind, '', 'team');
    await until(
      () => JSON.stringify(resources.get(kind, '', 'team')['spec']) === '{"finalizers":["x.dev/hold"]}',
    );
    expect(resources.list(maps, { namespace: 'team' }).items).toEqual([]);
    await finalize([]);
    expect(resources.find(kind, '', 'team')).toBeUndefined();
  });

  test('creations that race with the deletion of their namespace leave nothing behind', async () => {
    const { resources, store } = await rooms.fresh();
    const kind = resources.kind('namespaces');
    const maps = resources.kind('configmaps');
    for (let round = 0; round < 20; round++) {
      const name = `team${round}`;
      await resources.create(kind, '', { metadata: { name } });
      const early = Array.from({ length: (round % 2) * 20 }, (_, i) => configMap(`c${i}`));
      const writes = early.map((object) => resources.create(maps, name, object));
      writes.push(resources.delete(kind, '', name));
      // One at a time, so that some are sent after the mark and before it is seen.
      for (let i = 0; i < 200; i++) {
        writes.push(resources.create(maps, name, configMap(`d${i}`)));
        await Promise.resolve();
      }
      await Promise.allSettled(writes);

      await until(() => resources.find(kind, '', name) === undefined);
    }

    expect(resources.list(maps).items).toEqual([]);
    expect((await store.objects.snapshot()).rows).toHaveLength(2);
  });

  test('a deletion that a restart cut short is ended', async () => {
    const first = await rooms.fresh();
    const kind = first.resources.kind('namespaces');
    const maps = first.resources.kind('configmaps');
    await first.resources.create(kind, '', { metadata: { name: 'team' } });
    await first.resources.create(maps, 'team', configMap('a'));
    await first.resources.delete(kind, '', 'team');

    const { resources } = await rooms.again();

    await until(() => resources.find(kind, '', 'team') === undefined);
    expect(resources.list(maps).items).toEqual([]);
  });
});

describe('retention', () => {
  const event = (name: string) => ({
    metadata: { name },
    involvedObject: { kind: 'Node', name: 'web1' },
    reason: 'Test',
    message: 'test',
    type: 'Normal',
  });

  test('events go after their time, and old revisions are compacted', async () => {
    const { resources, store, clock } = await rooms.fresh({ retention: { everyMs: 10 } });
    const kind = resources.kind('events');
    await resources.create(kind, ns, event('old'));
    clock.aheadMs = 3_500_000;
    await resources.create(kind, ns, event('young'));
    clock.aheadMs = 3_700_000;

    await until(() => resources.find(kind, ns, 'old') === undefined);
    expect(resources.find(kind, ns, 'young')).toBeDefined();
    const last = resources.revision();
    clock.aheadMs = 7_400_000;
    let expired = false;
    await until(() => {
      store.objects.since(last - 1, 1).catch(() => {
        expired = true;
      });
      return expired;
    });
  });

  test('events go by what the RetentionPolicy says now', async () => {
    const { resources, clock } = await rooms.fresh({ retention: { everyMs: 10 } });
    const [kind, policies] = [resources.kind('events'), resources.kind('retentionpolicies.drover.dev')];
    await resources.create(policies, '', {
      metadata: { name: 'default' },
      spec: { events: { keepHours: 3 } },
    });
    await resources.create(kind, ns, event('first'));
    clock.aheadMs = 2 * 3_600_000;
    await resources.create(kind, ns, event('second'));
    clock.aheadMs = 3 * 3_600_000 + 60_000;
    await until(() => resources.find(kind, ns, 'first') === undefined);
    expect(resources.find(kind, ns, 'second')).toBeDefined();

    const body = { spec: { events: { keepHours: 1 } } };
    await resources.patch(policies, '', 'default', { type: 'application/merge-patch+json', body });
    await until(() => resources.find(kind, ns, 'second') === undefined);
  });
});

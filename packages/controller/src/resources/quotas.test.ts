import { describe, expect, test } from 'vitest';
import { configMap, until, useRooms } from './test-room.ts';

const rooms = useRooms();
const ns = 'default';

const quota = (hard: Readonly<Record<string, string | number>>) => ({
  metadata: { name: 'q' },
  spec: { hard },
});

describe('a quota', () => {
  test('lets exactly one of 64 have the last place, and says why to the others', async () => {
    const { resources } = await rooms.fresh();
    const maps = resources.kind('configmaps');
    await resources.create(
      resources.kind('resourcequotas'),
      ns,
      quota({ 'count/configmaps': 3, configmaps: '3' }),
    );
    for (const name of ['a', 'b']) await resources.create(maps, ns, configMap(name));

    const race = Array.from({ length: 64 }, (_, n) => resources.create(maps, ns, configMap(`last-${n}`)));
    const settled = await Promise.allSettled(race);

    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = settled.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { reason: 'Forbidden', code: 403 } });
    expect(String(refused?.status === 'rejected' && refused.reason)).toContain(
      'exceeded quota: q, requested: configmaps=1,count/configmaps=1, used: configmaps=3,count/configmaps=3, limited: configmaps=3,count/configmaps=3',
    );
    expect(resources.list(maps, { namespace: ns }).items).toHaveLength(3);
  });

  test('gives places back, and never refuses what still fits', async () => {
    const { resources } = await rooms.fresh();
    const maps = resources.kind('configmaps');
    await resources.create(resources.kind('resourcequotas'), ns, quota({ configmaps: 20 }));
    for (let round = 0; round < 20; round++) {
      const made = Array.from({ length: 20 }, (_, n) => resources.create(maps, ns, configMap(`m${n}`)));
      await Promise.all(made);
      await expect(resources.create(maps, ns, configMap('more'))).rejects.toMatchObject({
        reason: 'Forbidden',
      });
      // What is there already is refused as that, and a failed creation takes no place.
      await Promise.all(Array.from({ length: 20 }, (_, n) => resources.delete(maps, ns, `m${n}`)));
    }
    await expect(resources.create(maps, ns, configMap('more'), { dryRun: true })).resolves.toBeDefined();
  });

  test('keeps its status true, also for what was there before it, and after a restart', async () => {
    const first = await rooms.fresh();
    const maps = first.resources.kind('configmaps');
    for (const name of ['a', 'b', 'c']) await first.resources.create(maps, ns, configMap(name));
    const kind = first.resources.kind('resourcequotas');
    await first.resources.create(kind, ns, quota({ configmaps: 2, 'count/leases.coordination.k8s.io': '5' }));
    const { resources } = await rooms.again();
    const status = () => String(JSON.stringify(resources.get(kind, ns, 'q')['status']));

    await until(() => status().includes('"used":{"configmaps":"3","count/leases.coordination.k8s.io":"0"}'));
    await resources.delete(maps, ns, 'a');
    await resources.create(resources.kind('leases.coordination.k8s.io'), ns, { metadata: { name: 'l' } });
    await until(() => status().includes('"used":{"configmaps":"2","count/leases.coordination.k8s.io":"1"}'));
    expect(status()).toContain('"hard":{"configmaps":"2","count/leases.coordination.k8s.io":"5"}');
  });

  test('on what is not served is refused with its path, at creation and later', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('resourcequotas');
    for (const limit of ['pods', 'requests.cpu', 'count/nodes', 'count/things.example.org']) {
      await expect(resources.create(kind, ns, quota({ [limit]: 1 }))).rejects.toMatchObject({
        reason: 'Invalid',
        details: { causes: [{ field: `spec.hard[${limit}]` }] },
      });
    }
    await resources.create(kind, ns, quota({ secrets: 1 }));
    await expect(resources.update(kind, ns, 'q', quota({ pods: 1 }))).rejects.toMatchObject({
      reason: 'Invalid',
    });
  });
});

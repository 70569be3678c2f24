import { allKinds, type KubeObject } from '@drover/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentLog } from '../platform/log.ts';
import type { CommittedRow, Store } from '../store/store.ts';
import { createResources } from './index.ts';
import type { Resources, WatchEvent } from './resources.ts';
import { configMap, take, told, until, useRooms } from './test-room.ts';

const rooms = useRooms();
const ns = 'default';

/** Some writes, one after another; gives how many events they make. */
const churn = async (
  resources: Resources,
  steps: readonly (readonly [number, string])[],
): Promise<number> => {
  const kind = resources.kind('configmaps');
  const before = resources.revision();
  for (const [n, label] of steps) {
    const name = `c${n}`;
    const object = configMap(name, { labels: { l: label } });
    if (resources.find(kind, ns, name) === undefined) await resources.create(kind, ns, object);
    else if (label === 'gone') await resources.delete(kind, ns, name);
    else await resources.update(kind, ns, name, object);
  }
  return resources.revision() - before;
};

const steps = fc.array(fc.tuple(fc.nat(5), fc.constantFrom('a', 'b', 'gone')), {
  minLength: 1,
  maxLength: 40,
});

/** What a client that follows the events has at the end. */
const replayed = (start: readonly KubeObject[], events: readonly WatchEvent[]): readonly string[] => {
  const objects = new Map(start.map((o) => [o.metadata.name, o]));
  for (const { type, object } of events) {
    if (type === 'DELETED') objects.delete(object.metadata.name);
    else objects.set(object.metadata.name, object);
  }
  return [...objects.values()].map((o) => `${o.metadata.name} ${o.metadata.resourceVersion}`).sort();
};

describe('watch', () => {
  test('begins with all that is there and goes on with what changes', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    await churn(resources, [[0, 'a']]);
    const events = take(resources, kind, 4, { namespace: ns });

    await churn(resources, [
      [1, 'a'],
      [0, 'b'],
      [1, 'gone'],
    ]);

    expect((await events).map(told)).toEqual(['ADDED c0 3', 'ADDED c1 4', 'MODIFIED c0 5', 'DELETED c1 6']);
  });

  test('a commit that the store can tell of before it was announced comes once', async () => {
    await churn((await rooms.fresh()).resources, [
      [0, 'a'],
      [1, 'a'],
    ]);
    const { store, clock } = await rooms.again();
    const held: (readonly CommittedRow[])[] = [];
    let hear = (_: readonly CommittedRow[]): void => undefined;
    const onCommit: Store['objects']['onCommit'] = (listener) => {
      hear = listener;
      return store.objects.onCommit((rows) => held.push(rows));
    };
    const late = { ...store, objects: { ...store.objects, onCommit } };
    const resources = await createResources({ store: late, kinds: allKinds, clock, log: silentLog });
    const kind = resources.kind('configmaps');
    const from = String(Number(resources.find(kind, ns, 'c0')?.metadata.resourceVersion));
    const write = { resource: 'configmaps', namespace: ns, type: 'created' } as const;
    const toValue = (name: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: ns },
    });
    for (const name of ['new', 'end']) await store.objects.write([{ ...write, name, value: toValue(name) }]);

    const events = take(resources, kind, 4, { namespace: ns, resourceVersion: from });
    // Each is answered after the watch's own reading: by then it has gone as far as it can.
    for (let turn = 0; turn < 5; turn += 1) await store.objects.since(0, 1);
    for (const rows of held.splice(0)) hear(rows);
    await store.objects.write([{ ...write, name: 'last', value: toValue('last') }]);
    for (const rows of held) hear(rows);

    const names = (await events).map(({ object }) => object.metadata.name);
    expect(names).toEqual(['c1', 'new', 'end', 'last']);
    await resources.close();
  });

  test('what was created while nobody watched is told later as it was answered then', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const resourceVersion = String(resources.revision());
    const made = await resources.create(kind, ns, configMap('a', {}, { x: 'ü' }), {
      fieldManager: 'one',
    });

    const [event] = await take(resources, kind, 1, { namespace: ns, resourceVersion });

    expect(event).toEqual({ type: 'ADDED', object: made });
    expect(event?.object).toBe(resources.get(kind, ns, 'a'));
  });

  test('as WatchList ends its beginning with an annotated bookmark', async () => {
    const { resources } = await rooms.fresh();
    await churn(resources, [[0, 'a']]);

    const [first, second] = await take(resources, resources.kind('configmaps'), 2, {
      sendInitialEvents: true,
      allowWatchBookmarks: true,
    });

    expect(first?.type).toBe('ADDED');
    expect(second).toEqual({
      type: 'BOOKMARK',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { resourceVersion: '3', annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    });
  });

  test('gets bookmarks of the newest revision where it allows them', async () => {
    const { resources } = await rooms.fresh({ bookmarkMs: 20 });
    const kind = resources.kind('secrets');
    await churn(resources, [[0, 'a']]);

    const [event] = await take(resources, kind, 1, { resourceVersion: '1', allowWatchBookmarks: true });

    expect([event?.type, event?.object.metadata.resourceVersion]).toEqual(['BOOKMARK', '3']);
  });

  test('asked to finish, tells what there is, then where it stands, and ends', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const [signal, finish] = [new AbortController().signal, AbortSignal.abort()];
    await churn(resources, [
      [0, 'a'],
      [1, 'b'],
    ]);
    const endOf = async (allowWatchBookmarks: boolean): Promise<unknown> => {
      const options = { resourceVersion: '2', allowWatchBookmarks, signal, finish };
      const events: string[] = [];
      for await (const { type, object } of resources.watch(kind, options))
        events.push(`${type} ${object.metadata.resourceVersion}`);
      return events;
    };

    expect(await endOf(true)).toEqual(['ADDED 3', 'ADDED 4', 'BOOKMARK 4']);
    expect(await endOf(false)).toEqual(['ADDED 3', 'ADDED 4']);
  });

  test('with a selector tells what begins and stops to match', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const start = String(resources.revision());
    await churn(resources, [
      [0, 'b'],
      [0, 'a'],
      [0, 'b'],
      [0, 'gone'],
      [1, 'a'],
    ]);

    const events = await take(resources, kind, 3, { resourceVersion: start, labelSelector: 'l=a' });

    expect(events.map(told)).toEqual(['ADDED c0 4', 'DELETED c0 5', 'ADDED c1 7']);
    expect(events[1]?.object.metadata.labels).toEqual({ l: 'a' });
  });

  test('shares its events, so that each is encoded once for all watchers', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const both = [1, 2].map(() => take(resources, kind, 1, { resourceVersion: '2' }));

    await churn(resources, [[0, 'a']]);

    const [[a], [b]] = (await Promise.all(both)) as [WatchEvent[], WatchEvent[]];
    expect(a).toBe(b);
    expect(a?.object).toBe(resources.get(kind, ns, 'c0'));
  });

  test('ends at its time, at the signal, and when the room closes', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const never = new AbortController().signal;
    const drain = async (watch: AsyncIterable<WatchEvent>): Promise<string> => {
      for await (const _ of watch);
      return 'ended';
    };

    const byClose = drain(resources.watch(kind, { signal: never }));
    expect(await drain(resources.watch(kind, { signal: never, timeoutMs: 1 }))).toBe('ended');
    expect(await drain(resources.watch(kind, { signal: AbortSignal.abort() }))).toBe('ended');
    await resources.close();
    expect(await byClose).toBe('ended');
  });

  test('from a revision that is compacted, or not yet there, is expired', async () => {
    const first = await rooms.fresh();
    await churn(first.resources, [
      [0, 'a'],
      [0, 'b'],
      [0, 'a'],
    ]);
    await first.store.objects.compact(first.resources.revision() - 1);
    const { resources } = await rooms.again();
    const kind = resources.kind('configmaps');
    const after = (resourceVersion: string) => take(resources, kind, 1, { resourceVersion });

    await expect(after('2')).rejects.toMatchObject({ reason: 'Expired' });
    await expect(after('99999')).rejects.toMatchObject({ reason: 'Expired' });
    await expect(after('x')).rejects.toMatchObject({ reason: 'BadRequest' });
    expect((await after(String(resources.revision() - 1))).map((e) => e.type)).toEqual(['MODIFIED']);
  });

  test('that is not read costs nothing and ends expired when it fell too far behind', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const stop = new AbortController();
    const slow = resources.watch(kind, { resourceVersion: '2', signal: stop.signal })[Symbol.asyncIterator]();
    const first = slow.next();

    for (let round = 0; round < 17; round++) {
      const batch = Array.from({ length: 1000 }, (_, i) => configMap(`r${round}-${i}`));
      await Promise.all(batch.map((object) => resources.create(kind, ns, object)));
    }

    expect((await first).value?.type).toBe('ADDED');
    await expect(slow.next()).rejects.toMatchObject({ reason: 'Expired' });
    stop.abort();
    const all = await take(resources, kind, 17_000, { resourceVersion: '2' });
    expect(all.map((e) => Number(e.object.metadata.resourceVersion))).toEqual(all.map((_, i) => i + 3));
    expect(() =>
      resources.watch(kind, { resourceVersion: '2', labelSelector: 'a', signal: stop.signal }),
    ).toThrow(/no longer in memory/);
  });

  test('cut and resumed at any event, also across a restart, tells exactly the same sequence', async () => {
    let { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const all: string[] = [];
    const runs = fc.sample(fc.tuple(steps, fc.nat(10), fc.boolean()), 12);
    for (const [run, cut, restart] of runs) {
      const from = String(resources.revision());
      const whole = take(resources, kind, await churn(resources, run), { resourceVersion: from });
      const events = await whole;
      all.push(...events.map(told));

      if (restart) resources = (await rooms.again()).resources;
      const resumeAt = events[cut % (events.length || 1)]?.object.metadata.resourceVersion ?? from;
      const rest = events.filter((e) => Number(e.object.metadata.resourceVersion) > Number(resumeAt));
      const again = await take(resources, kind, rest.length, { resourceVersion: resumeAt });
      expect(again.map(told)).toEqual(rest.map(told));
    }
    const whole = await take(resources, kind, all.length, { resourceVersion: '2' });
    expect(whole.map(told)).toEqual(all);
  });

  test('any number of watchers of any selection end with what a list shows', async () => {
    const { resources } = await rooms.fresh();
    const kind = resources.kind('configmaps');
    const stop = new AbortController();
    const watchers = ['', 'l=a', 'l!=a', 'l in (a,b)', '!l'].map((labelSelector) => {
      const start = resources.list(kind, { labelSelector });
      const events: WatchEvent[] = [];
      const { resourceVersion } = start;
      const run = async () => {
        for await (const e of resources.watch(kind, {
          labelSelector,
          resourceVersion,
          signal: stop.signal,
        })) {
          events.push(e);
        }
      };
      return { labelSelector, start, events, done: run() };
    });

    for (const run of fc.sample(steps, 10)) await churn(resources, run);

    for (const { labelSelector, start, events } of watchers) {
      const wanted = replayed(resources.list(kind, { labelSelector }).items, []);
      await until(() => JSON.stringify(replayed(start.items, events)) === JSON.stringify(wanted));
    }
    stop.abort();
    await Promise.all(watchers.map((watcher) => watcher.done));
  });
});

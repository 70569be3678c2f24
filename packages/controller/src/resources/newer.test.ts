// What a newer version has written stays as it is where this one works on: fields of objects, and objects of kinds it does not know.
import {
  type CommandRun,
  commandRunKind,
  configMapKind,
  customResourceDefinitionKind,
  type KubeObject,
  namespaceKind,
  resourceKey,
} from '@drover/api';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { until, useRooms } from './test-room.ts';

const { fresh, again } = useRooms();

const put = async (
  store: Store,
  resource: string,
  type: 'created' | 'updated' | 'deleted',
  value: KubeObject,
) => {
  const { namespace = '', name = '' } = value.metadata;
  await store.objects.write([{ resource, namespace, name, type, value }]);
};
const beacon = {
  apiVersion: 'drover.dev/v2',
  kind: 'Beacon',
  metadata: { name: 'one', namespace: 'old', uid: 'b' },
} as KubeObject;
const spec = { argv: ['true'], targets: { nodeSet: 'n1' } };

describe('a run with fields of a newer version', () => {
  const open = async () => {
    const room = await fresh();
    const made = await room.resources.create(commandRunKind, 'default', { metadata: { name: 'r' }, spec });
    const newer = { ...made, spec: { ...spec, hint: 'warm' }, status: { mood: 'good' } };
    await put(room.store, resourceKey(commandRunKind), 'updated', newer as unknown as KubeObject);
    const read = () => room.resources.get(commandRunKind, 'default', 'r') as unknown as Required<CommandRun>;
    return { ...room, read };
  };

  test('keeps them when a controller writes its status anew', async () => {
    const { resources, read } = await open();
    const status = { phase: 'Running' };
    await resources.modify(commandRunKind, 'default', 'r', (object) => ({ ...object, status }), {
      subresource: 'status',
    });
    expect(read()).toMatchObject({ spec: { hint: 'warm' }, status: { mood: 'good', phase: 'Running' } });
  });

  test('keeps them when a client that does not know them writes it, in every way', async () => {
    const { resources, read } = await open();
    const body = { metadata: { labels: { a: '1' } } };
    await resources.patch(commandRunKind, 'default', 'r', { type: 'application/merge-patch+json', body });
    const { name, resourceVersion } = read().metadata;
    const said = { metadata: { name, resourceVersion, labels: { a: '2' } }, spec: { ...spec, cancel: true } };
    await resources.update(commandRunKind, 'default', 'r', said);
    const applied = { ...body, apiVersion: 'drover.dev/v1alpha1', kind: 'CommandRun' };
    await resources.apply(commandRunKind, 'default', 'r', applied, { fieldManager: 'me', force: true });

    expect(read()).toMatchObject({ metadata: { labels: { a: '1' } }, spec: { hint: 'warm', cancel: true } });
    expect(read().status).toMatchObject({ mood: 'good' });
  });
});

test('a namespace is not taken for empty while it holds what is not served here', async () => {
  const { store, resources } = await fresh();
  await resources.create(namespaceKind, '', { metadata: { name: 'old' } });
  await resources.create(configMapKind, 'old', { metadata: { name: 'c' } });
  await put(store, 'beacons.drover.dev', 'created', beacon);

  await resources.delete(namespaceKind, '', 'old');
  await until(() => resources.list(configMapKind, { namespace: 'old' }).items.length === 0);
  const room = await again();
  await expect(
    room.resources.update(
      namespaceKind,
      '',
      'old',
      { spec: { finalizers: [] } },
      { subresource: 'finalize' },
    ),
  ).rejects.toThrow('beacons.drover.dev');

  await put(room.store, 'beacons.drover.dev', 'deleted', beacon);
  await room.resources.modify(namespaceKind, '', 'old', (o) => ({
    ...o,
    metadata: { ...o.metadata, labels: { a: '' } },
  }));
  await until(() => room.resources.find(namespaceKind, '', 'old') === undefined);
});

test('objects that are heard of before the definition of their kind are there once it is served', async () => {
  const { store, resources } = await fresh();
  const thing = { ...beacon, apiVersion: 'example.org/v1', kind: 'Thing', metadata: { name: 't', uid: 't' } };
  await put(store, 'things.example.org', 'created', thing);
  const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
  const schema = { openAPIV3Schema: { type: 'object' } };
  await resources.create(customResourceDefinitionKind, '', {
    metadata: { name: 'things.example.org' },
    spec: {
      ...{ group: 'example.org', scope: 'Cluster', names },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });

  await until(() => resources.customKind('example.org', 'v1', 'things') !== undefined);
  const kind = resources.customKind('example.org', 'v1', 'things');
  expect(kind && resources.list(kind).items.map(({ metadata }) => metadata.name)).toEqual(['t']);
});
